"""The depot twice: as it was issued under gunicorn, and the learner's under uvicorn. For its checks and `learn run`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.learner_files import copy_project
from checker.harness.processes import Process, clean_environment
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.servers.gunicorn import gunicorn
from checker.harness.stack import Stack
from checker.harness.stand import Stand

ROOMS = Path(__file__).resolve().parents[3]
ISSUED = ROOMS / "exercises" / "milestones" / "convert_to_async" / "scaffold"


@dataclass(frozen=True, slots=True)
class Booting:
    """All start side by side; whoever needs one waits for it. `variables` are those of the learner's."""

    uvicorn: Server
    migrate: Process
    database: Path
    variables: Mapping[str, str]


def stand(booting: Booting) -> Stand:
    """The learner's depot under uvicorn, with the Gate for suppliers, printer and ministry."""
    return Stand([booting.uvicorn], booting.variables)


def boot(
    run: Run, stack: Stack, gate: Gate, uvicorn: starters.Uvicorn, inside: Mapping[str, str] | None = None
) -> Booting:
    """Start the learner's server, and `manage.py migrate` on an empty database. `inside` is for the server alone."""
    database = run.temporary / "depot.sqlite3"
    variables = variables_for(run, gate, "exports")

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
        uvicorn("depot.asgi:application", environment={**variables, **(inside or {})}),
        stack.start(migrate),
        database,
        variables,
    )


def start_issued(run: Run, stack: Stack, gate: Gate) -> Server:
    """The depot as it was issued, under gunicorn and its own configuration. It shares the learner's database."""
    folder = run.temporary / "before"
    copy_project(ISSUED, folder)

    def start(run: Run) -> Server:
        before = replace(run, project=folder)
        variables = variables_for(run, gate, "exports-before")
        return gunicorn(before, "depot.wsgi:application", config="gunicorn.conf.py", environment=variables)

    return stack.start(start)


def variables_for(run: Run, gate: Gate, exports: str) -> dict[str, str]:
    """What a depot is told of the world. `exports` names the folder of its own for what it exports."""
    return {
        "UPSTREAM_URL": gate.url,
        "DATABASE_PATH": str(run.temporary / "depot.sqlite3"),
        "EXPORT_DIR": str(run.temporary / exports),
    }
