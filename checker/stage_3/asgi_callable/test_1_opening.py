"""Checks of Deep Dive into asgi.py: how a process begins, under four servers that boot side by side.

Each has a feed of its own, played by a Gate. What the callable is told and says beside HTTP, a ladder inside the server
tells (inside/learn_ladder.py).
"""

from __future__ import annotations

import threading

from checker.harness.calibration import slowness
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.given import expect_given
from checker.harness.history import History
from checker.harness.http import Answer, Exchange
from checker.harness.picture import Picture
from checker.harness.seed import Seed
from checker.harness.suite import needs
from checker.stage_3.asgi_callable import places
from checker.stage_3.asgi_callable.board import BOOT_S, HELD_S, Board, stations
from checker.stage_3.asgi_callable.opening import expect_opened_once, expect_page, expect_start, expect_text
from checker.stage_3.asgi_callable.refusals import Refusal, expect_refusal
from course.model import SourceLine

VISITORS = 4
GIVEN = ("board/feed.py", "board/views.py", "board/urls.py", "board/models.py", "board/settings.py")


def test_the_site_boots_where_lifespan_is_required(uvicorn_board: Board, picture: Picture) -> None:
    """The site boots under uvicorn with `--lifespan on`, and answers through Django."""
    expect_given(uvicorn_board.server.run, *GIVEN)
    expect_start(uvicorn_board, picture)


@needs("test_the_site_boots_where_lifespan_is_required")
def test_each_process_opens_its_feed_once(
    with_lifespan: list[Board],
    daphne_board: Board,  # noqa: ARG001 - started here, as the next ones: they boot while the others are asked
    refusals: list[Refusal],  # noqa: ARG001
    seed: Seed,
    picture: Picture,
) -> None:
    """Each process opens its feed once, before its first visitor: uvicorn, hypercorn, gunicorn."""
    names = stations(seed, "first pages", 2)
    for board in with_lifespan:
        if board.name != "uvicorn":
            expect_start(board, picture)
        expect_opened_once(board)
        for name in names:
            expect_page(board, name)
        expect_opened_once(board)
    picture.nothing()  # all went well: the last check draws a process's whole life


@needs("test_each_process_opens_its_feed_once")
def test_a_feed_that_cannot_be_opened_ends_the_boot(refusals: list[Refusal]) -> None:
    """A feed that cannot be opened ends the boot, and its reason is told."""
    for refusal in refusals:
        expect_refusal(refusal)


@needs("test_each_process_opens_its_feed_once")
def test_without_lifespan_the_first_visitors_open_it(daphne_board: Board, seed: Seed) -> None:
    """Under daphne, without a lifespan, the first visitors open the feed: once, and again after a failure."""
    board = daphne_board
    first, second, *others = stations(seed, "daphne", 2 + VISITORS)
    for station, is_reset in ((first, False), (second, True)):
        _expect_failed_opening(board, station, is_reset=is_reset)
    opened_before = len(board.calls("open"))
    visitors = board.openers = [board.ask(station) for station in others]
    # All of them are inside before it is open: whoever looks only whether it is open opens one of their own.
    board.wait(lambda: len(_entered(board, visitors)) == VISITORS)
    board.wait(lambda: board.held("open") or all(visitor.is_done for visitor in visitors))
    held_since = History.now()
    board.opening_s = HELD_S * slowness()  # Django's own part must not take as long, on a busy machine neither
    threading.Event().wait(held_since + board.opening_s - History.now())
    board.feed.open()
    for station, visitor in zip(others, visitors, strict=True):
        answer = board.server.expect_answer(visitor)
        expect_text(board, answer, f"/departures/{station}/", f"{station}\n")
    opened = len(board.calls("open")) - opened_before
    if opened != 1:
        wanted = f"under daphne {VISITORS} visitors who come at once share one feed, opened once"
        fail(
            "opened-by-each",
            wanted=wanted,
            saw=f"{opened} were opened",
            where=places.opens_for_visitors(board.server.run),
        )


def _expect_failed_opening(board: Board, station: str, *, is_reset: bool) -> None:
    """A visitor for whom the feed does not open is told so by 503."""
    failure = "is cut off" if is_reset else "is refused"
    visitor = board.ask(station)
    board.wait(lambda: board.held("open") or visitor.is_done, BOOT_S)
    opens = places.opens_for_visitors(board.server.run)
    if not (tags := board.held("open")):
        wanted = "under daphne the first visitor's request opens the feed, and the next one's when that failed"
        answer = board.wait_answer(visitor)
        got, _ = _got(board, visitor, answer)
        saw = f"{got}, and nobody tried to open a feed"
        where = opens if board.calls("open") else places.serves(board.server.run)
        fail("never-opened", wanted=wanted, saw=saw, where=where)
    if is_reset:
        board.feed.break_off(tags[0])
    else:
        board.feed.release(tags[0], status=503, body="no trains today")
    board.wait(lambda: visitor.is_done or board.held("open"))
    answer = visitor.wait_answer(0)
    if answer is None or answer.status != 503:
        got, line = _got(board, visitor, answer)
        wanted = f"under daphne a visitor whose feed {failure} while it opens is answered with status 503"
        fail("failed-opening-untold", wanted=wanted, saw=got, where=line or opens)


def _got(board: Board, visitor: Exchange, answer: Answer | None) -> tuple[str, SourceLine | None]:
    """What the visitor got, with the error behind it, and the learner's line of that error."""
    got = "no answer" if answer is None else f"status {answer.status}"
    raised = [e for e in board.server.seen(EventKind.APP_RAISED) if e["request"] == visitor.id]
    return (f"{got}: {raised[0]['type']}: {raised[0]['message']}", raised[0].where) if raised else (got, None)


def _entered(board: Board, visitors: list[Exchange]) -> set[str]:
    ids = {visitor.id for visitor in visitors}
    return {e["request"] for e in board.server.seen(EventKind.APP_ENTERED) if e["request"] in ids}
