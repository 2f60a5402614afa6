"""Checks of Deep Dive into asgi.py: how a process ends."""

from __future__ import annotations

import signal

from checker.harness.gunicorn.master import send
from checker.harness.picture import Picture
from checker.harness.seed import Seed
from checker.harness.suite import needs
from checker.stage_3.asgi_callable.board import Board, stations
from checker.stage_3.asgi_callable.drawing import draw_life
from checker.stage_3.asgi_callable.ending import Ending, end_all, expect_closed, expect_failure_told


@needs("test_a_visitor_who_leaves_cancels_the_view")
def test_the_feed_is_closed_after_the_last_request(
    with_lifespan: list[Board],
    daphne_board: Board,
    endings: list[Ending],
    picture: Picture,
    seed: Seed,
) -> None:
    """On TERM the last request is answered, then the feed is closed, then the process ends."""
    send(daphne_board.server, signal.SIGTERM)  # it has no lifespan to end, and ends beside the others
    endings += end_all(with_lifespan, stations(seed, "last pages", len(with_lifespan)))
    draw_life(with_lifespan[0], picture)
    for ending in endings:
        expect_closed(ending)


@needs("test_the_feed_is_closed_after_the_last_request")
def test_a_feed_that_cannot_be_closed_is_told(endings: list[Ending]) -> None:
    """A feed that cannot be closed is told, with its reason, and the process ends all the same."""
    for ending in endings:
        expect_failure_told(ending)
