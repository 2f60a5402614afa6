"""What several check files of WSGI Middleware share: the mall under gunicorn, and the lab with the strict server."""

from __future__ import annotations

import sys

import pytest

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.run import Run
from checker.stage_2.wsgi_middleware.inside.rooms import ROOMS
from checker.stage_2.wsgi_middleware.lab import Lab
from checker.stage_2.wsgi_middleware.mall import Mall, start_mall


@pytest.fixture(scope="session")
def mall(gunicorn: starters.Gunicorn, gate: Gate, run: Run) -> Mall:
    """The mall under one gunicorn worker with four threads."""
    return start_mall(gunicorn, gate, run, app="mall.wsgi:application", name="gunicorn", environment={})


@pytest.fixture(scope="session")
def lab(program: starters.Program, run: Run) -> Lab:
    """The strict server's report on both WSGI middlewares."""
    environment = {
        "PYTHONPATH": ROOMS,
        "LEDGER_PATH": str(run.temporary / "lab.jsonl"),
        "MAINTENANCE_FLAG": str(run.temporary / "lab.flag"),
    }
    command = [sys.executable, "-P", "-m", "checker.stage_2.wsgi_middleware.inside.lab"]
    return Lab(program(command, name="lab", environment=environment))
