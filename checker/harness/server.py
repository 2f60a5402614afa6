"""A running server, whatever its brand: how it is planned, started on a passed socket, talked to and stopped."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from checker.harness import diagnosis
from checker.harness.findings import fail
from checker.harness.history import Event
from checker.harness.http import ANSWER_DEADLINE_S, Answer, Exchange, Stream
from checker.harness.processes import Process, clean_environment
from checker.harness.run import Run
from checker.harness.websocket import WebSocket

BOOT_DEADLINE_S = 20.0
BACKLOG = 2048
PROBE_FOLDER = Path(__file__).resolve().parents[1] / "probe"


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """What to start. `command` gets the descriptor of the listening socket and returns the argument vector."""

    name: str
    command: Callable[[int], Sequence[str]]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)


class Server:
    """A web server on a loopback port that was bound before it started: the first request waits in the backlog.

    Starting returns at once, so several servers boot side by side; `ready` (or the first `get`) waits.
    """

    def __init__(self, plan: ServerPlan, run: Run) -> None:
        self.name = plan.name
        self.run = run
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", 0))
        listening.listen(BACKLOG)
        self.port: int = listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        try:
            self.process = Process(
                plan.name,
                plan.command(listening.fileno()),
                # LEARN_SERVER: by this name the probe signs what it tells from inside.
                environment=clean_environment(run.temporary, {**plan.environment, "LEARN_SERVER": plan.name}),
                folder=plan.folder,
                log_file=run.folder / f"{plan.name}.log",
                history=run.history,
                ledger=run.ledger,
                pass_fds=(listening.fileno(),),
            )
        finally:
            # Only the server's copy may stay open: when it dies, clients must see a reset, not a silent backlog.
            listening.close()

    @property
    def pid(self) -> int:
        """The master's pid."""
        return self.process.pid

    def seen(self, *kinds: str, since: float = 0.0) -> list[Event]:
        """What the probe told of these kinds ("app.entered", "loop.stalled", ...) from inside this server."""
        return diagnosis.seen(self, *kinds, since=since)

    def ready(self, path: str = "/", deadline_s: float = BOOT_DEADLINE_S) -> Answer:
        """The first answer, of whatever status. A server that died or stays silent ends the check with a finding."""
        exchange = self.send(path, label="first request", deadline_s=deadline_s + 5)
        answer = exchange.answer(deadline_s)
        if answer is not None:
            return answer
        exchange.hang_up()
        raise diagnosis.did_not_answer(self, exchange, deadline_s)

    def get(
        self, path: str, *, deadline_s: float = ANSWER_DEADLINE_S, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer to one GET. No answer, a broken connection or a 5xx ends the check with a finding."""
        return self.answer_of(self.send(path, headers=headers), deadline_s)

    def post(self, path: str, body: bytes = b"", *, deadline_s: float = ANSWER_DEADLINE_S) -> Answer:
        """The answer to one POST, as `get`."""
        return self.answer_of(self.send(path, method="POST", body=body), deadline_s)

    def answer_of(self, exchange: Exchange, deadline_s: float = ANSWER_DEADLINE_S) -> Answer:
        """The whole answer of a request that should be answered now; else ends the check with a finding."""
        answer = exchange.answer(deadline_s)
        if answer is None:
            raise diagnosis.no_answer(self, exchange, deadline_s)
        if answer.status >= 500:
            raise diagnosis.server_error(self, exchange, answer)
        return answer

    def send(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        label: str = "",
        deadline_s: float = 60.0,
    ) -> Exchange:
        """A request in flight; judges nothing."""
        return Exchange(
            self.run.history,
            self.port,
            path,
            method=method,
            headers=headers,
            body=body,
            label=label,
            deadline_s=deadline_s,
        )

    def stream(self, path: str, *, headers: Mapping[str, str] | None = None, label: str = "") -> Stream:
        """A response to be read as it arrives."""
        return Stream(self.run.history, self.port, path, headers=headers, label=label)

    def websocket(self, path: str, *, label: str = "", headers: Mapping[str, str] | None = None) -> WebSocket:
        """An open WebSocket; a refused handshake ends the check with a finding."""
        socket_ = self.try_websocket(path, label=label, headers=headers)
        if socket_.refused is not None:
            raise diagnosis.handshake_refused(self, socket_)
        return socket_

    def try_websocket(self, path: str, *, label: str = "", headers: Mapping[str, str] | None = None) -> WebSocket:
        """A WebSocket whose handshake may have been refused (`refused` holds the status); judges nothing."""
        return WebSocket(self.run.history, f"ws://127.0.0.1:{self.port}{path}", label=label, headers=headers)

    def stop(self) -> list[str]:
        """Stop it and its family; returns the command lines of what it left behind."""
        return self.process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def wanted_status(answer: Answer, status: int, *, wanted: str, code: str) -> None:
    """End the check with `code` unless the answer has this status."""
    if answer.status != status:
        fail(code, wanted=wanted, saw=f"status {answer.status}: {answer.text[:120]!r}")
