"""The project of probed_project.py on each of the servers, with the probe inside and a Gate beside it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from checker.harness.events import EventKind
from checker.harness.gate import Gate
from checker.harness.history import Event, History
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.servers.daphne import daphne
from checker.harness.servers.gunicorn import gunicorn
from checker.harness.servers.hypercorn import hypercorn
from checker.harness.servers.uvicorn import uvicorn
from tests.probed_project import FILES
from tests.running import running

STARTERS: dict[str, Callable[[Run], Server]] = {
    "uvicorn-uvloop": lambda run: uvicorn(run, "site_.asgi:application", arguments=["--loop", "uvloop"]),
    "uvicorn-asyncio": lambda run: uvicorn(run, "site_.asgi:application", arguments=["--loop", "asyncio"]),
    "daphne": lambda run: daphne(run, "site_.asgi:application"),
    "hypercorn": lambda run: hypercorn(run, "site_.asgi:application"),
    "gunicorn-asgi": lambda run: gunicorn(
        run, "site_.asgi:application", asgi=True, arguments=["--worker-class", "asgi"]
    ),
    "gunicorn-sync": lambda run: gunicorn(run, "site_.wsgi:application"),
    "gunicorn-gthread": lambda run: gunicorn(run, "site_.wsgi:application", arguments=["--threads", "4"]),
}
LOOP_SERVERS = [name for name in STARTERS if name not in ("gunicorn-sync", "gunicorn-gthread")]


@dataclass(frozen=True)
class Site:
    """The project, served; with a Gate beside it."""

    server: Server
    gate: Gate

    @property
    def project(self) -> Path:
        """Its folder."""
        return self.server.run.project

    @property
    def history(self) -> History:
        """What has happened."""
        return self.server.run.history

    def line(self, file: str, comment: str) -> int:
        """The number of the line that ends in this comment."""
        lines = (self.project / file).read_text().splitlines()
        return next(number for number, line in enumerate(lines, 1) if line.endswith(comment))

    def reports(self, since: float) -> list[Event]:
        """What the probe holds against the project since then."""
        return self.history.events(EventKind.LOOP_STALLED, EventKind.LOOP_CALLED, since=since)


@contextmanager
def serve(start: Callable[[Run], Server], folder: Path, files: Mapping[str, str] | None = None) -> Iterator[Site]:
    """The project, with these files laid over it, on a running server."""
    with running(folder, {**FILES, **(files or {})}) as run, Gate(run.history) as gate:
        server = start(run)
        try:
            yield Site(server, gate)
        finally:
            gate.open()
            left = server.stop()
    assert not left


@contextmanager
def busy_machine(count: int) -> Iterator[None]:
    """Some processes that do nothing but compute."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
        for process in busy:
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
