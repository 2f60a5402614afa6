"""The desk under uvicorn and under gunicorn, and its database: started once, for all check files."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from checker.harness import starters
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.processes import Process, clean_environment
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.stack import Stack

MIGRATE_DEADLINE_S = 30.0


@dataclass(frozen=True, slots=True)
class Booting:
    """All three start side by side; whoever needs one waits for it."""

    uvicorn: Server
    gunicorn: Server
    migrate: Process
    database: Path


@pytest.fixture(scope="session")
def booting(run: Run, stack: Stack, gate: Gate, uvicorn: starters.Uvicorn, gunicorn: starters.Gunicorn) -> Booting:
    """uvicorn, gunicorn, and `manage.py migrate` on an empty database."""
    database = run.temporary / "desk.sqlite3"
    environment = {"UPSTREAM_URL": gate.url, "DATABASE_PATH": str(database)}

    def migrate(run: Run) -> Process:
        return Process(
            run,
            "migrate",
            # --skip-checks: they would import the views, whose faults are the servers' to tell.
            [sys.executable, "manage.py", "migrate", "--skip-checks"],
            environment=clean_environment(run.temporary, environment),
            folder=run.project,
        )

    return Booting(
        uvicorn("desk.asgi:application", environment=environment),
        gunicorn("desk.wsgi:application", environment=environment),
        stack.start(migrate),
        database,
    )


@pytest.fixture(scope="session")
def migrated(booting: Booting) -> Booting:
    """The same, once the database has its tables and rows."""
    if (code := booting.migrate.wait(MIGRATE_DEADLINE_S)) != 0:
        ending = f"no end after {MIGRATE_DEADLINE_S:.0f} s" if code is None else f"exit code {code}"
        saw = "\n  ".join([ending, *booting.migrate.log.last_lines(8)])
        fail("migrate-failed", wanted="`python manage.py migrate` makes the desk's tables", saw=saw)
    return booting


@pytest.fixture(scope="session")
def database(migrated: Booting) -> Path:
    """The desk's database."""
    return migrated.database


@pytest.fixture(scope="session")
def desk(migrated: Booting) -> Server:
    """The desk under uvicorn."""
    return migrated.uvicorn


@pytest.fixture(scope="session")
def wsgi_desk(migrated: Booting) -> Server:
    """The desk under gunicorn, with one sync worker."""
    return migrated.gunicorn
