"""What the checks of the depot share: both servers, with the Gate as the world outside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.seed import Seed
from checker.stage_5.asgiref_bridges.depot import Depot
from checker.stage_5.asgiref_bridges.stack import start_both


@pytest.fixture(scope="session")
def whole_depot(uvicorn: starters.Uvicorn, gunicorn: starters.Gunicorn, gate: Gate, program: starters.Program) -> Depot:
    """Both servers. Who needs gunicorn waits for it."""
    one, two = start_both(uvicorn, gunicorn, gate)
    one.expect_ready("/ping/")
    return Depot(one, two, gate, program)


@pytest.fixture
def depot(whole_depot: Depot, seed: Seed, request: pytest.FixtureRequest) -> Iterator[Depot]:
    """The same, for one check: with data of its own, and without its visitors afterwards."""
    whole_depot.begin(seed.random(request.node.name))
    yield whole_depot
    whole_depot.end()
