"""A web server that answers at a loopback port, whoever started it: how checks talk to it.

`Server` (server.py) is the usual one, started on a socket that was bound before; `SelfBound` binds a port of its own.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Self

import psutil

from checker.harness import diagnosis
from checker.harness.calibration import MOST_SLOWNESS, slowness
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.history import Event
from checker.harness.http import ANSWER_DEADLINE_S, Answer, Exchange, Stream
from checker.harness.processes import Process, clean_environment
from checker.harness.run import Run
from checker.harness.waiting import wait_until
from checker.harness.websocket import WebSocket

APP_VARIABLE = "LEARN_APP"  # names the learner's app to the probe: who has it is served through the probe
BOOT_DEADLINE_S = 20.0
LISTENING_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
TCP_LISTEN = "0A"  # linux/tcp_states.h, as these tables show it
# Below the ports from which Linux and macOS serve clients: no connection of a moment ago can be sitting on them.
OWN_PORTS = range(20_000, 32_000)


class Site:
    """What checks may ask of a running web server. `process` is the one that `stop` ends."""

    def __init__(
        self, name: str, run: Run, port: int, process: Process, *, environment: Mapping[str, str] | None = None
    ) -> None:
        """`environment` is what the process was given besides that of every server."""
        self.name = name
        self.run = run
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.process = process
        if APP_VARIABLE in (environment or {}):
            run.history.record(EventKind.SITE_PROBED, server=name, port=port)

    @property
    def pid(self) -> int:
        """The master's pid."""
        return self.process.pid

    def visitors(self) -> int:
        """How many connections of visitors its processes hold at this moment: of one who has left perhaps still his."""
        found = 0
        with suppress(psutil.Error):
            for process in [psutil.Process(self.process.pid), *self.process.children]:
                sockets = process.net_connections("tcp")
                found += sum(s.laddr.port == self.port and s.status != psutil.CONN_LISTEN for s in sockets)
        return found

    def seen(self, *kinds: StrEnum, since: float = 0.0) -> list[Event]:
        """What the probe told of these kinds ("app.entered", "loop.stalled", ...) from inside this server."""
        return diagnosis.seen(self, *kinds, since=since)

    def expect_ready(self, path: str = "/", deadline_s: float = BOOT_DEADLINE_S) -> Answer:
        """The first answer, of whatever status. A server that died or stays silent ends the check with a finding.

        On a busy machine it has longer than `deadline_s`.
        """
        exchange = self.send(path, label="first request", deadline_s=deadline_s * MOST_SLOWNESS + 5)
        answer = exchange.wait_answer(deadline_s)
        if answer is None and not exchange.is_done:
            more_s = deadline_s * (slowness() - 1)
            answer, deadline_s = exchange.wait_answer(more_s), deadline_s + more_s
        if answer is not None:
            return answer
        exchange.hang_up()
        raise diagnosis.did_not_answer(self, exchange, deadline_s)

    def expect_get(
        self, path: str, *, deadline_s: float = ANSWER_DEADLINE_S, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer to one GET. No answer, a broken connection or a 5xx ends the check with a finding."""
        return self.expect_answer(self.send(path, headers=headers), deadline_s)

    def expect_post(self, path: str, body: bytes = b"", *, deadline_s: float = ANSWER_DEADLINE_S) -> Answer:
        """The answer to one POST, as `expect_get`."""
        return self.expect_answer(self.send(path, method="POST", body=body), deadline_s)

    def expect_answer(self, exchange: Exchange, deadline_s: float = ANSWER_DEADLINE_S) -> Answer:
        """The whole answer of a request that should be answered now; else ends the check with a finding."""
        answer = exchange.wait_answer(deadline_s)
        if answer is None:
            raise diagnosis.no_answer(self, exchange, deadline_s)
        if answer.status >= 500:
            raise diagnosis.server_error(self, exchange, answer)
        return answer

    def expect_status(self, answer: Answer, status: int, *, wanted: str, code: str) -> None:
        """End the check with `code` unless the answer has this status; by the learner's own error, where one did it."""
        if answer.status == status:
            return
        error = (
            diagnosis.wait_error(self, answer.request)
            if answer.status >= 500
            else diagnosis.raised(self, request=answer.request)
        )
        if error is not None:
            raise diagnosis.error_finding(error, wanted, f"status {answer.status}: ")
        fail(code, wanted=wanted, saw=f"status {answer.status}: {answer.text[:120]!r}")

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
        mark = self.process.log.mark
        exchange = Exchange(
            self.run.history,
            self.port,
            path,
            method=method,
            headers=headers,
            body=body,
            label=label,
            deadline_s=deadline_s,
        )
        exchange.log_mark = mark
        return exchange

    def stream(self, path: str, *, headers: Mapping[str, str] | None = None, label: str = "") -> Stream:
        """A response to be read as it arrives."""
        return Stream(self.run.history, self.port, path, headers=headers, label=label)

    def expect_websocket(self, path: str, *, label: str = "", headers: Mapping[str, str] | None = None) -> WebSocket:
        """An open WebSocket; a refused handshake ends the check with a finding."""
        socket_ = self.websocket(path, label=label, headers=headers)
        if socket_.refused is not None:
            raise diagnosis.handshake_refused(self, socket_)
        return socket_

    def websocket(self, path: str, *, label: str = "", headers: Mapping[str, str] | None = None) -> WebSocket:
        """A WebSocket whose handshake may have been refused (`refused` holds the status); judges nothing."""
        url = f"ws://127.0.0.1:{self.port}{path}"
        return WebSocket(self.run.history, url, label=label, headers=headers, server=self.name)

    def stop(self) -> list[str]:
        """Stop it and its family; returns the command lines of what it left behind."""
        return self.process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class ReservedPort:
    """A port that no other run takes while this is held, and that is free for a program to bind."""

    def __init__(self, wanted: int = 0) -> None:
        # Held as a UDP port of the same number: that keeps other runs off, and is no hindrance to a TCP server, even
        # to one that binds without SO_REUSEADDR.
        self._hold = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        is_had = wanted and self._take(wanted)
        self.port = wanted if is_had else next(p for p in random.sample(OWN_PORTS, len(OWN_PORTS)) if self._take(p))

    def close(self) -> None:
        """Let others have it."""
        self._hold.close()

    def _take(self, port: int) -> bool:
        with suppress(OSError), socket.socket() as attempt:
            # Connections of a moment ago may be sitting on it. And a child that another thread starts right now has
            # a copy of this socket until its exec, which would keep the port from whoever is started here.
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            attempt.bind(("127.0.0.1", port))
            self._hold.bind(("127.0.0.1", port))
            return True
        return False


class SelfBound(Site):
    """A web server that binds its port itself, as its command or its environment tells it: `{port}` in either."""

    def __init__(
        self,
        run: Run,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._reserved = ReservedPort(run.port(name))
        port = str(self._reserved.port)
        variables = {key: value.replace("{port}", port) for key, value in (environment or {}).items()}
        process = Process(
            run,
            name,
            [word.replace("{port}", port) for word in command],
            environment=clean_environment(run.temporary, {**variables, "LEARN_SERVER": name}),
            folder=folder or run.project,
        )
        super().__init__(name, run, self._reserved.port, process, environment=environment)

    def expect_ready(self, path: str = "/", deadline_s: float = BOOT_DEADLINE_S) -> Answer:
        """The first answer, as `Site.expect_ready`; waits until the program listens, or has died."""
        if not self._wait_listening(deadline_s):
            self._wait_listening(deadline_s * (slowness() - 1))
        return super().expect_ready(path, deadline_s)

    def _wait_listening(self, deadline_s: float) -> bool:
        return wait_until(self.listens, deadline_s, unless_ended=self.process)

    def listens(self) -> bool:
        """Whether somebody listens at the port now. Looked up, not tried: a visit would be traffic."""
        tables = [table for table in LISTENING_TABLES if table.exists()]
        if tables:
            return any(port == self.port for table in tables for port in _listening(table))
        with suppress(psutil.Error):  # not Linux: who else listens is not for us to see
            for process in [psutil.Process(self.process.pid), *self.process.children]:
                sockets = process.net_connections("tcp")
                if any(s.status == psutil.CONN_LISTEN and s.laddr.port == self.port for s in sockets):
                    return True
        return False

    def stop(self) -> list[str]:
        """Stop it and its family; returns the command lines of what it left behind."""
        try:
            return super().stop()
        finally:
            self._reserved.close()


def _listening(table: Path) -> Iterator[int]:
    """The ports of a table of /proc/net that somebody listens at. Linux lists those first; thousands may follow."""
    with table.open() as rows:
        next(rows, "")  # the heading
        for row in map(str.split, rows):
            if row[3] != TCP_LISTEN:
                return
            yield int(row[1].rpartition(":")[2], 16)
