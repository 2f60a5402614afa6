"""The desk under uvicorn and under gunicorn, and its database: started once, for all check files."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.harness import starters
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.stack import Stack
from checker.stage_3.async_views.stack import Booting, boot

MIGRATE_DEADLINE_S = 30.0


@pytest.fixture(scope="session")
def booting(run: Run, stack: Stack, gate: Gate, uvicorn: starters.Uvicorn, gunicorn: starters.Gunicorn) -> Booting:
    """uvicorn, gunicorn, and `manage.py migrate` on an empty database."""
    return boot(run, stack, gate, uvicorn, gunicorn)


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
