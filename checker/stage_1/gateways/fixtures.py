"""What the checks of this exercise share: the learner's WSGI server, and the adapter under uvicorn."""

from __future__ import annotations

import pytest

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.site import SelfBound
from checker.stage_1.gateways.choice import Asked, ask
from checker.stage_1.gateways.lab import lab_environment
from checker.stage_1.gateways.stack import start_adapter, start_wsgi_server


@pytest.fixture(scope="session")
def wsgi(self_bound: starters.SelfBound, run: Run, gate: Gate) -> SelfBound:
    """The learner's WSGI server."""
    return start_wsgi_server(self_bound, "gateway_lab:application", lab_environment(run, gate))


@pytest.fixture(scope="session")
def adapter(uvicorn: starters.Uvicorn, run: Run, gate: Gate) -> Server:
    """The learner's adapter under uvicorn."""
    return start_adapter(uvicorn, "gateway_lab:asgi", lab_environment(run, gate))


@pytest.fixture(scope="session")
def asked(program: starters.Program) -> Asked:
    """The learner's choice between them, which answers all that is asked meanwhile."""
    return ask(program)


@pytest.fixture(scope="session")
def meanwhile(wsgi: SelfBound, adapter: Server, asked: Asked) -> None:
    """All that later checks will wait for, side by side: for checks that leave it the time to boot and to answer."""
