"""What the checks share: the learner's plant under uvicorn and under daphne, each with a hub of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.seed import Seed
from checker.stage_5.async_context_managers.line import watch_boot
from checker.stage_5.async_context_managers.plant import Plant
from checker.stage_5.async_context_managers.stack import start_daphne, start_uvicorn


@pytest.fixture(scope="session")
def hubs(history: History) -> Iterator[tuple[Gate, Gate]]:
    """One for each server: the boot of one waits at its own."""
    with Gate(history) as one, Gate(history) as other:
        yield one, other


@pytest.fixture(scope="session")
def both(uvicorn: starters.Uvicorn, daphne: starters.Daphne, hubs: tuple[Gate, Gate]) -> tuple[Plant, Plant]:
    """The plant under either server, ready. What uvicorn's boot did is noted, and judged by its own check."""
    one, other = Plant(start_uvicorn(uvicorn, hubs[0]), hubs[0]), Plant(start_daphne(daphne, hubs[1]), hubs[1])
    other.hub.open()  # whoever opens the line by an import is judged under uvicorn
    watch_boot(one)
    other.server.expect_ready("/hello/")
    return one, other


@pytest.fixture
def plants(both: tuple[Plant, Plant], seed: Seed, request: pytest.FixtureRequest) -> Iterator[tuple[Plant, Plant]]:
    """The same, for one check: with sensors of its own, and without its pages afterwards."""
    for plant in both:
        plant.begin(seed.random(f"{request.node.name} {plant.name}"))
    yield both
    for plant in both:
        plant.hub.open()


@pytest.fixture
def with_lifespan(plants: tuple[Plant, Plant]) -> Plant:
    """The one under uvicorn."""
    return plants[0]


@pytest.fixture
def without_lifespan(plants: tuple[Plant, Plant]) -> Plant:
    """The one under daphne."""
    return plants[1]
