"""daphne, on a passed socket."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from checker.harness.probed import probed
from checker.harness.run import Run
from checker.harness.server import Server, ServerPlan


def daphne(
    run: Run,
    app: str,
    *,
    name: str = "daphne",
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Server:
    """Start daphne on `app` ("desk.asgi:application"). It speaks HTTP and WebSocket, and has no lifespan.

    One process, whatever the arguments; a crashed consumer closes with 1011 here, with 1006 under uvicorn.
    """
    target, variables = probed(run, app, interface="asgi")

    def command(listening_fd: int) -> list[str]:
        # daphne puts the folder it is started in on the path by itself.
        return [
            sys.executable, "-P", "-m", "daphne",
            "--fd", str(listening_fd),
            *arguments,
            target,
        ]  # fmt: skip

    plan = ServerPlan(name, command, run.project, {**variables, **(environment or {})})
    return Server(plan, run)
