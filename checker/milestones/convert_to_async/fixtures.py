"""What several check files share: the depot before and after, and the one that the Procfile starts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from checker.harness import starters
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.run import Run
from checker.harness.seed import Seed
from checker.harness.server import PROBE_FOLDER
from checker.harness.site import APP_VARIABLE
from checker.harness.stack import Stack
from checker.milestones.convert_to_async.depot import Depot, words
from checker.milestones.convert_to_async.ending import Ending, watch_ending
from checker.milestones.convert_to_async.stack import Booting, boot, start_issued

INSIDE = Path(__file__).with_name("inside")
MIGRATE_DEADLINE_S = 60.0


@pytest.fixture(scope="session")
def booting(run: Run, stack: Stack, gate: Gate, uvicorn: starters.Uvicorn) -> Booting:
    """The learner's depot under uvicorn, each view announced, and its database."""
    inside = {APP_VARIABLE: "learn_views:application", "PYTHONPATH": os.pathsep.join([str(PROBE_FOLDER), str(INSIDE)])}
    return boot(run, stack, gate, uvicorn, inside)


@pytest.fixture(scope="session")
def gate_before(history: History) -> Iterator[Gate]:
    """The upstreams of the depot as it was issued."""
    with Gate(history) as gate:
        yield gate


@pytest.fixture(scope="session")
def before(run: Run, stack: Stack, gate_before: Gate) -> Depot:
    """The depot as it was issued, under gunicorn."""
    return Depot("gunicorn", start_issued(run, stack, gate_before), gate_before)


@pytest.fixture(scope="session")
def depot(booting: Booting, gate: Gate) -> Depot:
    """The learner's, under uvicorn; its database has its tables."""
    if (code := booting.migrate.wait(MIGRATE_DEADLINE_S)) != 0:
        ending = f"no end after {MIGRATE_DEADLINE_S:.0f} s" if code is None else f"exit code {code}"
        saw = "\n  ".join([ending, *booting.migrate.log.last_lines(8)])
        fail("program-crashed", wanted="`python manage.py migrate` makes the depot's tables", saw=saw)
    return Depot("uvicorn", booting.uvicorn, gate)


@pytest.fixture(scope="session")
def ending(history: History, depot: Depot, self_bound: starters.SelfBound, seed: Seed) -> Iterator[Future[Ending]]:
    """What becomes of exports when the process of the Procfile is told to end: tried beside the other checks."""
    with Gate(history) as gate, ThreadPoolExecutor(1) as beside:
        yield beside.submit(watch_ending, depot.server.run, self_bound, gate, words(seed, "last exports", 4))
        gate.open()
