"""What several check files share: the learner's clinic under two servers, and the lab in which its watch is tried."""

from __future__ import annotations

import sys

import pytest

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.run import Run
from checker.harness.seed import Seed
from checker.stage_3.event_loop.clinic import Clinic, drawn
from checker.stage_3.event_loop.lab import LAB, Lab
from checker.stage_3.event_loop.stack import asgi_server, wsgi_server

HOLDERS = 6  # three functions, and who calls each


@pytest.fixture(scope="session")
def clinic(uvicorn: starters.Uvicorn, gate: Gate) -> Clinic:
    """The clinic under uvicorn."""
    return Clinic(asgi_server(uvicorn, gate), gate)


@pytest.fixture(scope="session")
def wsgi_clinic(gunicorn: starters.Gunicorn, gate: Gate) -> Clinic:
    """The clinic under gunicorn, with one sync worker."""
    return Clinic(wsgi_server(gunicorn, gate), gate)


@pytest.fixture(scope="session")
def quiet_lab(program: starters.Program, run: Run, seed: Seed) -> Lab:
    """A loop that nothing holds for as long as the threshold, and how a watch of it is stopped."""
    return Lab(program([sys.executable, "-P", LAB, "quiet", *drawn(seed, "brief", 1)], name="quiet lab"), run)


@pytest.fixture(scope="session")
def holds_lab(program: starters.Program, run: Run, seed: Seed) -> Lab:
    """A loop that three functions hold, one after the other."""
    return Lab(program([sys.executable, "-P", LAB, "holds", *drawn(seed, "holders", HOLDERS)], name="lab"), run)
