"""What the checks of the order desk share: both servers, and the sockets of one check."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.seed import Seed
from checker.stage_4.consumers.desk import Desk
from checker.stage_4.consumers.pushes import FailedPush
from checker.stage_4.consumers.stack import start_both


@pytest.fixture(scope="session")
def both(uvicorn: starters.Uvicorn, daphne: starters.Daphne, gate: Gate) -> tuple[Desk, Desk]:
    """The desk under either server."""
    one, two = start_both(uvicorn, daphne, gate)
    for server in (one, two):
        server.expect_ready("/")
    return Desk(one, gate), Desk(two, gate)


@pytest.fixture(scope="session")
def failed(both: tuple[Desk, Desk], seed: Seed) -> Iterator[tuple[FailedPush, ...]]:
    """A push of each that has failed, with its socket still open: one that only sleeps wakes while others are checked.

    So the check that judges it need not wait long.
    """
    own = [Desk(desk.server, desk.gate) for desk in both]
    for desk in own:
        desk.begin(seed.random(f"failed {desk.name}"))
    yield tuple(FailedPush(desk) for desk in own)
    for desk in own:
        desk.end()


@pytest.fixture
def desks(both: tuple[Desk, Desk], seed: Seed, request: pytest.FixtureRequest) -> Iterator[tuple[Desk, Desk]]:
    """The same, for one check: with data of its own, and without its sockets afterwards."""
    for desk in both:
        desk.begin(seed.random(f"{request.node.name} {desk.name}"))
    yield both
    for desk in both:
        desk.end()
