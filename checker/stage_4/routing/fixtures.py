"""What several check files share: the learner's tower at its own address, and mounted below a path by four servers."""

from __future__ import annotations

import pytest

from checker.harness import starters
from checker.harness.run import Run
from checker.harness.seed import Seed
from checker.stage_4.routing.addresses import word
from checker.stage_4.routing.meter import MeterServer
from checker.stage_4.routing.stack import Starters, plain
from checker.stage_4.routing.tower import Tower

WITH_LIFESPAN = ("uvicorn", "hypercorn", "gunicorn")


@pytest.fixture(scope="session")
def meter_server(program: starters.Program, run: Run) -> MeterServer:
    """The one that carries meters."""
    return MeterServer(program, run)


@pytest.fixture(scope="session")
def tower(uvicorn: starters.Uvicorn) -> Tower:
    """The tower under uvicorn, which asks for a lifespan and goes on without one."""
    return Tower(plain(uvicorn))


@pytest.fixture(scope="session")
def servers(
    uvicorn: starters.Uvicorn, hypercorn: starters.Hypercorn, gunicorn: starters.Gunicorn, daphne: starters.Daphne
) -> Starters:
    """The four servers' starters."""
    return Starters(uvicorn, hypercorn, gunicorn, daphne)


@pytest.fixture(scope="session")
def root(seed: Seed) -> str:
    """Where the tower is mounted: two segments, the letters that its addresses begin with, a sign of patterns' own."""
    random = seed.random("root")
    letters = "".join(random.sample("wslonghe", 8))
    return f"/{letters[:4]}+{letters[4:]}/{word(random)}"


@pytest.fixture(scope="session")
def with_lifespan(servers: Starters, root: str) -> list[Tower]:
    """Mounted by those that have a lifespan; uvicorn insists on it."""
    return [Tower(servers.start_mounted(name, root), root) for name in WITH_LIFESPAN]


@pytest.fixture(scope="session")
def mounted(with_lifespan: list[Tower], servers: Starters, root: str) -> list[Tower]:
    """Mounted by all four."""
    return [*with_lifespan, Tower(servers.start_mounted("daphne", root), root)]
