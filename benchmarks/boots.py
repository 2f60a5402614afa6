"""How long an exercise's servers take from start to first answer, with no check in between: the bound of `learn check`.

The plan is data: the servers that a run's history tells of, and the wsgi.py and asgi.py of the project.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from checker.harness.history import History
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.stack import Stack
from course.shared.ledger import Ledger

INTERFACE = {"gunicorn": "wsgi", "uvicorn": "asgi", "daphne": "asgi", "hypercorn": "asgi"}
SERVICES = ("valkey", "postgres")


def servers_of(run: Path) -> tuple[str, ...]:
    """The servers a run has started: `uvicorn` twice when it had two of them, once when one was started again.

    What an exercise starts besides (a migration, a client) and servers with a configuration of the learner's (nginx)
    are left out.
    """
    lines = (run / "history.jsonl").read_text(encoding="utf-8").splitlines()
    events = (json.loads(line) for line in lines)
    names = dict.fromkeys(event["name"] for event in events if event["kind"] == "process.started")
    kinds = (name.partition("-")[0] for name in names if " " not in name)
    return tuple(kind for kind in kinds if kind in INTERFACE or kind in SERVICES)


def boot_s(servers: Sequence[str], project: Path) -> float:
    """Seconds until every one of the servers has given its first answer. They boot side by side.

    Services come first: their addresses are in the web servers' environment.
    """
    with _run(project) as run:
        stack = Stack(run)
        try:
            started_at = time.perf_counter()
            environment = {"DATABASE_PATH": str(run.temporary / "boot.sqlite3")}
            for name in (server for server in servers if server in SERVICES):
                environment |= stack.start(_starter(name)).environment
            web = [name for name in servers if name in INTERFACE]
            started = [_start(stack, project, name, number, environment) for number, name in enumerate(web)]
            for server in started:
                server.expect_ready("/")
            return time.perf_counter() - started_at
        finally:
            stack.stop()


def _start(stack: Stack, project: Path, name: str, number: int, environment: dict[str, str]) -> Server:
    module = next(iter(sorted(project.glob(f"*/{INTERFACE[name]}.py"))))
    options: dict[str, Any] = {"name": f"{name}-{number}", "environment": environment}
    if name == "gunicorn" and (project / "gunicorn.conf.py").exists():
        options["config"] = "gunicorn.conf.py"
    server: Server = stack.start(_starter(name), f"{module.parent.name}.{module.stem}:application", **options)
    return server


def _starter(name: str) -> Callable[..., Any]:
    starter: Callable[..., Any] = getattr(import_module(f"checker.harness.servers.{name}"), name)
    return starter


@contextmanager
def _run(project: Path) -> Iterator[Run]:
    # ignore_cleanup_errors: a killed worker may still be writing its last line.
    with tempfile.TemporaryDirectory(prefix="learn-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        temporary = folder / "t"
        temporary.mkdir()
        ledger = Ledger(folder / "ledger.jsonl")
        try:
            with History(folder / "history.jsonl", temporary / "probe") as history:
                yield Run(project, folder, temporary, history, ledger)
        finally:
            ledger.sweep()
