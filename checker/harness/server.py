"""A running server, whatever its brand: how it is planned, and started on a socket that was bound before."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from checker.harness.processes import Process, clean_environment
from checker.harness.run import Run
from checker.harness.site import Site

BACKLOG = 2048
PROBE_FOLDER = Path(__file__).resolve().parents[1] / "probe"


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """What to start. `command` gets the descriptor of the listening socket and returns the argument vector."""

    name: str
    command: Callable[[int], Sequence[str]]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)


class Server(Site):
    """A web server on a loopback port that was bound before it started: the first request waits in the backlog.

    Starting returns at once, so several servers boot side by side; `expect_ready` (or the first `expect_get`) waits.
    """

    def __init__(self, plan: ServerPlan, run: Run) -> None:
        listening = _listening(run.port(plan.name))
        port: int = listening.getsockname()[1]
        try:
            process = Process(
                run,
                plan.name,
                plan.command(listening.fileno()),
                # LEARN_SERVER: by this name the probe signs what it tells from inside.
                environment=clean_environment(run.temporary, {**plan.environment, "LEARN_SERVER": plan.name}),
                folder=plan.folder,
                pass_fds=(listening.fileno(),),
            )
        finally:
            # Only the server's copy may stay open: when it dies, clients must see a reset, not a silent backlog.
            listening.close()
        super().__init__(plan.name, run, port, process, environment=plan.environment)


def _listening(port: int) -> socket.socket:
    """A socket at this port of the loopback interface; at any that is free where somebody else has it."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # What it accepts inherits this (Linux). A server that binds its port itself sets it; uvicorn takes a passed socket
    # for a unix one, and does not: then each second piece of an answer waits 40 ms for an acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError:
        listening.bind(("127.0.0.1", 0))
    listening.listen(BACKLOG)
    return listening
