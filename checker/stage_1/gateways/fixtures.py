"""What the checks of this exercise share: the learner's WSGI server, and the adapter under uvicorn."""

from __future__ import annotations

import sys

import pytest

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.site import SelfBound
from checker.stage_1.gateways.lab import lab_environment


@pytest.fixture(scope="session")
def wsgi(self_bound: starters.SelfBound, run: Run, gate: Gate) -> SelfBound:
    """The learner's WSGI server."""
    command = [sys.executable, "-m", "gateway.wsgi_server", "gateway_lab:application", "--port", "{port}"]
    return self_bound("wsgi_server", command, environment=lab_environment(run, gate))


@pytest.fixture(scope="session")
def adapter(uvicorn: starters.Uvicorn, run: Run, gate: Gate) -> Server:
    """The learner's adapter under uvicorn."""
    environment = lab_environment(run, gate)
    return uvicorn("gateway_lab:asgi", arguments=["--lifespan", "off"], environment=environment)
