"""Graders without their start: one process that has imported pytest and the checker forks each of them.

For `learn watch`, and for `learn dev check`, which starts hundreds. It has one thread and starts nothing itself, so
that a fork copies no lock that somebody holds. It becomes the parent of what a killed grader leaves, and ends it. An
order is one line of JSON
over the control socket,

    {"suite", "project", "run", "only", "codes", "given"}

with three descriptors: the grader's socket, its log, and a pipe over which the forge tells the grader's pid and, when
that has ended, its return code, a line each. When `learn` is gone, the graders are told to stop; the forge ends last.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import psutil

from checker import session
from checker.grader import Order
from course.shared.leftovers import end_all
from course.shared.prctl import adopt_orphans, refuse_inspection

ORDER_BYTES = 65_536
DESCRIPTORS = 3
# What graders import only once pytest runs, or once a server starts.
IMPORTED_LATE = (
    *("_pytest.assertion.rewrite", "_pytest.helpconfig", "_pytest.main", "_pytest.mark", "_pytest.python"),
    *("_pytest.capture", "_pytest.fixtures", "_pytest.runner", "_pytest.skipping", "_pytest.warnings"),
    *("checker.harness.servers.gunicorn", "checker.harness.servers.uvicorn", "checker.harness.websocket"),
)


class Forge:
    """Waits for orders on a connected socket."""

    def __init__(self, fd: int) -> None:
        self._control = socket.socket(fileno=fd)
        self._woken, self._waker = socket.socketpair()
        self._told: dict[int, int] = {}  # where the end of each grader is told, by its pid
        self._known: set[Path] = set()  # rooms that the next grader finds imported

    def order(self) -> Order | None:
        """In each forked grader: what it has to grade. In the forge itself None, when all is done."""
        refuse_inspection()
        adopt_orphans()
        for name in IMPORTED_LATE:
            import_module(name)
        for end in (self._woken, self._waker):
            end.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        _freeze()
        watched = [self._control, self._woken]
        while self._control in watched or self._told:
            ready, _, _ = select.select(watched, [], [])
            if self._woken in ready:
                self._reap()
            if self._control in ready:
                line, descriptors = self._received()
                if not line:
                    watched.remove(self._control)
                    self._stop_all()
                elif (order := self._fork(line, descriptors)) is not None:
                    return order
        return None

    def _received(self) -> tuple[bytes, list[int]]:
        line, descriptors = b"", list[int]()
        while not line.endswith(b"\n"):
            part, more, _, _ = socket.recv_fds(self._control, ORDER_BYTES, DESCRIPTORS)
            if not part:
                return b"", []
            line += part
            descriptors += more
        return line, descriptors

    def _fork(self, line: bytes, descriptors: list[int]) -> Order | None:
        told, log, ended = descriptors
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        pid = os.fork()
        if pid:
            os.close(told)
            os.close(log)
            self._told[pid] = ended
            self._tell(pid, pid)
            self._know(Path(json.loads(line)["suite"]))
            return None
        os.close(ended)
        self._become_grader(log)
        order = json.loads(line)
        run = Path(order["run"])
        os.chdir(run)
        suite, project, only, given = Path(order["suite"]), Path(order["project"]), order["only"], order["given"]
        return Order(told, suite, project, run, tuple(only), order["codes"], tuple(given))

    def _know(self, suite: Path) -> None:
        """Import what the next grader of this exercise would, while the one that was forked now is at work."""
        if suite not in self._known:
            self._known.add(suite)
            with suppress(Exception, SystemExit):  # the graders meet the same, and tell it
                session.import_room(suite)
            _freeze()

    def _become_grader(self, log: int) -> None:
        """Leave nothing of the forge's in the grader: its session, its descriptors, its signals."""
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for end in (self._control, self._woken, self._waker):
            end.close()
        for descriptor in self._told.values():
            os.close(descriptor)
        for stream in (1, 2):
            os.dup2(log, stream)
        os.close(log)

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            while self._woken.recv(ORDER_BYTES):
                pass
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = ended
                if pid in self._told:
                    self._tell(pid, os.waitstatus_to_exitcode(status))
                    os.close(self._told.pop(pid))
            end_all(self._orphans)

    def _orphans(self) -> Iterator[psutil.Process]:
        """What graders that were killed have left: the forge itself starts nothing but graders."""
        for child in psutil.Process().children():
            if child.pid not in self._told:
                yield child
                with suppress(psutil.NoSuchProcess):
                    yield from child.children(recursive=True)

    def _stop_all(self) -> None:
        for pid in self._told:
            os.kill(pid, signal.SIGTERM)

    def _tell(self, pid: int, number: int) -> None:
        with suppress(OSError):  # nobody listens any more
            os.write(self._told[pid], b"%d\n" % number)


def _freeze() -> None:
    """What is here already is never looked through again, nor copied for it."""
    gc.collect()
    gc.freeze()
