"""The chat in two processes behind nginx, with their Valkey and their store: for its checks, and for `learn run`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from checker.harness.processes import Process, clean_environment
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.servers.valkey import Valkey
from checker.harness.stack import Stack
from checker.harness.stand import Stand
from checker.harness.starters import Nginx, Uvicorn
from checker.harness.starters import Valkey as StartsValkey

MAKE_TABLES = Path(__file__).with_name("inside") / "make_tables.py"
NAMES = ("uvicorn-one", "uvicorn-two")


@dataclass(frozen=True, slots=True)
class Booting:
    """All start side by side; whoever needs one waits for it."""

    one: Server
    two: Server
    front: Server  # nginx
    valkey: Valkey
    migrate: Process
    variables: Mapping[str, str]
    file: Path  # the store's


def stand(run: Run, stack: Stack, uvicorn: Uvicorn, nginx: Nginx, valkey: StartsValkey) -> Stand:
    """The address for a browser first: nginx."""
    booting = boot(run, stack, uvicorn, nginx, valkey)
    return Stand([booting.front, booting.one, booting.two], booting.variables)


def boot(
    run: Run,
    stack: Stack,
    uvicorn: Uvicorn,
    nginx: Nginx,
    valkey: StartsValkey,
    *,
    more: Mapping[str, Mapping[str, str]] | None = None,
) -> Booting:
    """Start all, and make the tables of an empty store. `more` are further variables of a server, by its name."""
    store = valkey()
    file = run.temporary / "chat.sqlite3"
    variables = {**store.environment, "DATABASE_PATH": str(file)}

    def migrate(run: Run) -> Process:
        return Process(
            run,
            "migrate",
            [sys.executable, str(MAKE_TABLES)],
            environment=clean_environment(run.temporary, variables),
            folder=run.project,
        )

    migrating = stack.start(migrate)
    one, two = (
        uvicorn("chat.asgi:application", name=name, environment={**variables, **(more or {}).get(name, {})})
        for name in NAMES
    )
    front = nginx("deploy/nginx.conf", values={"ONE": _address(one), "TWO": _address(two)})
    return Booting(one, two, front, store, migrating, variables, file)


def _address(server: Server) -> str:
    return f"127.0.0.1:{server.port}"
