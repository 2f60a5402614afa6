"""What the checks of the order desk share: both servers, and the sockets of one check."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.seed import Seed
from checker.stage_4.consumers.desk import Desk
from checker.stage_4.consumers.stack import start_both


@pytest.fixture(scope="session")
def both(uvicorn: starters.Uvicorn, daphne: starters.Daphne, gate: Gate) -> tuple[Desk, Desk]:
    """The desk under either server."""
    one, two = start_both(uvicorn, daphne, gate)
    for server in (one, two):
        server.expect_ready("/")
    return Desk(one, gate), Desk(two, gate)


@pytest.fixture
def desks(both: tuple[Desk, Desk], seed: Seed, request: pytest.FixtureRequest) -> Iterator[tuple[Desk, Desk]]:
    """The same, for one check: with data of its own, and without its sockets afterwards."""
    for desk in both:
        desk.begin(seed.random(f"{request.node.name} {desk.name}"))
    yield both
    for desk in both:
        desk.end()
