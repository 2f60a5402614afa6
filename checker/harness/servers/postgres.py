"""PostgreSQL on a unix socket, with a new and empty database; or the one that LEARN_DATABASE_URL points to.

Built for speed, not for keeping: a power cut would lose it. initdb 0.4 s, start 0.1 s, first database 0.04 s.
"""

from __future__ import annotations

import csv
import io
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from checker.harness.processes import clean_environment
from checker.harness.run import Run
from checker.harness.service import Service, did_not_start, launch, wait_ready
from course.errors import CourseBug, MachineLacks
from course.shared import equipment

INITDB_DEADLINE_S = 60.0
SQL_DEADLINE_S = 30.0
READY = "ready to accept connections"
OWNER = "app"
DATABASE = "app"
# PostgreSQL refuses to run as root; every Unix has this user, who owns nothing.
ROOTS_STAND_IN = "nobody"

_QUICK = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "40",
    # Else a killed server leaves its shared memory under /dev/shm; like this it lies in the data folder.
    "dynamic_shared_memory_type": "mmap",
}


class Postgres(Service):
    """A running PostgreSQL. `environment` holds DATABASE_URL, and the same as libpq's PGHOST, PGUSER, PGDATABASE..."""

    def __init__(self, name: str, psql: Path, address: Mapping[str, str], **started: Any) -> None:
        super().__init__(name, address["DATABASE_URL"], address, **started)
        self._psql = psql

    def sql(self, statement: str) -> list[tuple[str, ...]]:
        """Run SQL on a connection of its own; the rows, each value as text (NULL and '' look alike).

        Never drop: with LEARN_DATABASE_URL it is somebody's own. Raises CourseBug with the server's own words.
        """
        done = _ask(self._psql, self.environment, statement)
        if done.returncode != 0:
            raise CourseBug(f"{self.name}: {statement[:120]}: {done.stderr.strip()}")
        return [tuple(row) for row in csv.reader(io.StringIO(done.stdout))]


def postgres(run: Run, *, name: str = "postgres", settings: Mapping[str, str] | None = None) -> Postgres:
    """Start PostgreSQL with an empty database; `settings` go over ours. Or hand out the running one. MachineLacks."""
    found = equipment.postgres()
    if found.program is None:
        return _running(name, found)
    user = ROOTS_STAND_IN if os.geteuid() == 0 else None
    folder = _folder(run, name, user)
    data = folder / "data"
    _create(run, name, found.program, data, user)
    command = [str(found.program / "postgres"), "-D", str(data), "-k", str(folder)]
    for key, value in {**_QUICK, **(settings or {})}.items():
        command += ["-c", f"{key}={value}"]
    process = launch(run, name, command, folder=folder, user=user)
    wait_ready(process, READY)
    # SIGINT is the fast shutdown: SIGTERM would wait until every client has left.
    psql, stop_signal = found.program / "psql", signal.SIGINT
    service = Postgres(name, psql, _address(folder, DATABASE), process=process, folder=folder, stop_signal=stop_signal)
    made = _ask(psql, _address(folder, "postgres"), f"CREATE DATABASE {DATABASE}")
    if made.returncode != 0:
        service.stop()
        raise did_not_start(process, f"cannot make a database: {made.stderr.strip()}")
    return service


def libpq_variables(url: str) -> dict[str, str]:
    """The environment of libpq for a `postgresql://` URL, so that no password stands on a command line."""
    parts = urlsplit(url)
    named = {
        "PGHOST": unquote(parts.hostname or ""),
        "PGPORT": str(parts.port or ""),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.removeprefix("/")),
    }
    asked = {f"PG{key.upper()}": value for key, value in parse_qsl(parts.query)}
    if "PGDBNAME" in asked:
        asked["PGDATABASE"] = asked.pop("PGDBNAME")
    return {key: value for key, value in {**named, **asked}.items() if value}


def _address(folder: Path, database: str) -> dict[str, str]:
    url = f"postgresql://{OWNER}@/{database}?host={quote(str(folder), safe='')}"
    return {"DATABASE_URL": url, **libpq_variables(url)}


def _folder(run: Run, name: str, user: str | None) -> Path:
    folder = run.temporary / name
    folder.mkdir()
    if user is not None:
        # The other user must get through to its own folder; nobody can list what lies beside it.
        run.temporary.chmod(0o711)
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
    return folder


def _create(run: Run, name: str, programs: Path, data: Path, user: str | None) -> None:
    command = [
        str(programs / "initdb"),
        "--pgdata", str(data),
        "--username", OWNER,
        "--auth", "trust",
        "--encoding", "UTF8",
        "--locale", "C",
        "--no-sync",
    ]  # fmt: skip
    try:
        process = launch(run, f"{name}-initdb", command, folder=data.parent, user=user)
    except MachineLacks as lack:
        if user is None:
            raise
        raise MachineLacks(
            f"PostgreSQL refuses to run as root, and {user} may not run {programs / 'initdb'}",
            "run learn as an ordinary user, or set LEARN_POSTGRES_BIN to programs that everybody may run",
        ) from lack
    returncode = process.wait(INITDB_DEADLINE_S)
    process.stop()
    if returncode != 0:
        raise did_not_start(process, "failed" if returncode else f"took more than {INITDB_DEADLINE_S:.0f} s")


def _running(name: str, found: equipment.Equipment) -> Postgres:
    url = found.url or ""
    try:
        address = {"DATABASE_URL": url, **libpq_variables(url)}
        service = Postgres(name, equipment.psql(), address)
        service.sql("SELECT 1")
    except (CourseBug, ValueError) as error:
        raise MachineLacks(
            f"{found.source}: no PostgreSQL answers at {found.shown_url}: {error}",
            f"start it, or correct or unset {found.source}",
        ) from error
    return service


def _ask(psql: Path, address: Mapping[str, str], statement: str) -> subprocess.CompletedProcess[str]:
    options = ["--no-psqlrc", "--no-password", "--csv", "--tuples-only", "--quiet", "--set", "ON_ERROR_STOP=1"]
    environment = clean_environment(
        Path(os.devnull), {"LC_ALL": "C", "PGCLIENTENCODING": "UTF8", "PGCONNECT_TIMEOUT": "10", **address}
    )
    return subprocess.run(
        [str(psql), *options, "--command", statement],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SQL_DEADLINE_S,
        check=False,
    )
