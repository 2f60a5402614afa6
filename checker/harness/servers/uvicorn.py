"""uvicorn, on a passed socket."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from checker.harness.probed import probed
from checker.harness.run import Run
from checker.harness.server import Server, ServerPlan


def uvicorn(
    run: Run,
    app: str,
    *,
    name: str = "uvicorn",
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Server:
    """Start uvicorn on `app` ("desk.asgi:application")."""
    target, variables = probed(run, app, interface="asgi")

    def command(listening_fd: int) -> list[str]:
        return [
            sys.executable, "-P", "-m", "uvicorn",
            "--fd", str(listening_fd),
            "--app-dir", str(run.project),
            *arguments,
            target,
        ]  # fmt: skip

    plan = ServerPlan(name, command, run.project, {**variables, **(environment or {})})
    return Server(plan, run)
