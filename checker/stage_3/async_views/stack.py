"""The desk under uvicorn and under gunicorn, and its database: for its checks, and for `learn run`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.processes import Process, clean_environment
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.stack import Stack
from checker.harness.stand import Stand
from checker.stage_3.async_views.suppliers import PRICES


@dataclass(frozen=True, slots=True)
class Booting:
    """All three start side by side; whoever needs one waits for it."""

    uvicorn: Server
    gunicorn: Server
    migrate: Process
    database: Path
    variables: Mapping[str, str]


def stand(booting: Booting) -> Stand:
    """The same for `learn run`, with the Gate for suppliers and printer."""
    return Stand([booting.uvicorn, booting.gunicorn], booting.variables, _answer)


def boot(run: Run, stack: Stack, gate: Gate, uvicorn: starters.Uvicorn, gunicorn: starters.Gunicorn) -> Booting:
    """uvicorn, gunicorn, and `manage.py migrate` on an empty database."""
    database = run.temporary / "desk.sqlite3"
    variables = {"UPSTREAM_URL": gate.url, "DATABASE_PATH": str(database)}

    def migrate(run: Run) -> Process:
        return Process(
            run,
            "migrate",
            # --skip-checks: they would import the views, whose faults are the servers' to tell.
            [sys.executable, "manage.py", "migrate", "--skip-checks"],
            environment=clean_environment(run.temporary, variables),
            folder=run.project,
        )

    return Booting(
        uvicorn("desk.asgi:application", environment=variables),
        gunicorn("desk.wsgi:application", environment=variables),
        stack.start(migrate),
        database,
        variables,
    )


def _answer(tag: str) -> str:
    return PRICES.get(tag, tag)
