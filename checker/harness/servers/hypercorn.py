"""hypercorn, on a passed socket."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from checker.harness.probed import probed
from checker.harness.run import Run
from checker.harness.server import Server, ServerPlan


def hypercorn(
    run: Run,
    app: str,
    *,
    name: str = "hypercorn",
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Server:
    """Start hypercorn on `app` ("desk.asgi:application").

    Its master only watches: even one worker is a child of its own, next to multiprocessing's resource tracker.
    """
    target, variables = probed(run, app, interface="asgi")

    def command(listening_fd: int) -> list[str]:
        # hypercorn puts the folder it is started in on the path by itself.
        return [
            sys.executable, "-P", "-m", "hypercorn",
            "--bind", f"fd://{listening_fd}",
            *arguments,
            target,
        ]  # fmt: skip

    plan = ServerPlan(name, command, run.project, {**variables, **(environment or {})})
    return Server(plan, run)
