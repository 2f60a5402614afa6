"""Graders without their start: one process that has imported pytest and the checker forks each of them.

For `learn watch`, and for `learn dev check`, which starts hundreds. It has one thread and starts nothing itself, so
that a fork copies no lock that somebody holds. It becomes the parent of what a killed grader leaves, and ends it. An
order is one line of JSON over the control socket,

    {"suite", "project", "run", "only", "codes", "given"}

with three descriptors: the grader's socket, its log, and a pipe over which the forge tells the grader's pid and, when
that has ended, its return code, a line each. When `learn` is gone, the graders are told to stop; the forge ends last.

With a reserve, one more grader is forked when a run has ended, for the next order (reserve.py). A warm forge has its
graders' servers forked as well (harness/zygote.py).
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path

import psutil

from checker import session
from checker.grader import Order, grade
from checker.harness.processes import clean_environment
from checker.harness.zygote import Nurseries, Zygotes
from checker.reserve import Reserve, Waiting
from checker.zygote.main import ended, received
from course.shared import open_files
from course.shared.leftovers import end_all
from course.shared.prctl import adopt_orphans, refuse_inspection

ZYGOTES = 2
# What graders import only once pytest runs, or once a server starts.
IMPORTED_LATE = (
    *("_pytest.assertion.rewrite", "_pytest.helpconfig", "_pytest.main", "_pytest.mark", "_pytest.python"),
    *("_pytest.capture", "_pytest.fixtures", "_pytest.runner", "_pytest.skipping", "_pytest.warnings"),
    *("checker.harness.servers.gunicorn", "checker.harness.servers.uvicorn", "checker.harness.websocket"),
)


Job = Callable[[], int]


class Forge:
    """Waits for orders on a connected socket."""

    def __init__(self, fd: int, *, keeps_reserve: bool = False, is_warm: bool = False) -> None:
        self._control = socket.socket(fileno=fd)
        self._keeps_reserve = keeps_reserve
        self._woken, self._waker = socket.socketpair()
        self._told: dict[int, int] = {}  # where the end of each grader is told, by its pid
        self._known: set[Path] = set()  # rooms that the next grader finds imported
        self._last: Path | None = None  # whose checks were graded last
        self._reserve: Reserve | None = None
        open_files.raise_limit()  # as graders do: whatever they start inherits it, and so does what zygotes fork
        count = ZYGOTES if is_warm and sys.platform == "linux" else 0
        self._zygotes = Zygotes(clean_environment(Path(tempfile.gettempdir()), {}), count)

    def job(self) -> Job | None:
        """In each forked process: what it has to do. In the forge itself None, when all is done."""
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
            if self._last is not None and self._reserve is None and not self._told:
                job = self._fork_reserve(self._last)
                if job is not None:
                    return job
            ready, _, _ = select.select(watched, [], [])
            if self._woken in ready:
                self._reap()
            if self._control in ready:
                line, descriptors = received(self._control)
                if not line:
                    watched.remove(self._control)
                    self._stop_all()
                elif (job := self._grade(line, descriptors)) is not None:
                    return job
        self._zygotes.close()
        return None

    def _grade(self, line: bytes, descriptors: list[int]) -> Job | None:
        *own, ended = descriptors
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        suite = Path(json.loads(line)["suite"])
        pid = self._from_reserve(suite, line, own)
        if not pid:
            nurseries = self._zygotes.nurseries()
            pid = os.fork()
            if not pid:
                os.close(ended)
                self._leave_forge()
                return partial(grade, _order(line, own, nurseries))
            nurseries.close()
        for descriptor in own:
            os.close(descriptor)
        self._told[pid] = ended
        self._tell(pid, pid)
        self._know(suite)
        self._last = suite if self._keeps_reserve else None
        return None

    def _from_reserve(self, suite: Path, line: bytes, descriptors: list[int]) -> int:
        """The process in reserve, which has the order now; 0 where there is none for it."""
        if (reserve := self._reserve) is None:
            return 0
        self._reserve = None
        is_taken = reserve.takes(suite, line, descriptors)
        reserve.close()
        if is_taken:
            return reserve.pid
        os.kill(reserve.pid, signal.SIGKILL)
        return 0

    def _fork_reserve(self, suite: Path) -> Job | None:
        reserve = Reserve(suite)
        nurseries = self._zygotes.nurseries()
        reserve.pid = os.fork()
        if not reserve.pid:
            self._leave_forge()
            reserve.close()
            return Waiting(reserve, partial(_wait_order, nurseries=nurseries)).grade
        nurseries.close()
        reserve.theirs.close()
        self._reserve = reserve
        return None

    def _know(self, suite: Path) -> None:
        """Import what the next grader of this exercise would, while the one that was forked now is at work."""
        if suite not in self._known:
            self._known.add(suite)
            with suppress(Exception, SystemExit):  # the graders meet the same, and tell it
                session.import_room(suite)
            _freeze()

    def _leave_forge(self) -> None:
        """Leave nothing of the forge's in the process that was forked: its session, its descriptors, its signals."""
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for end in (self._control, self._woken, self._waker):
            end.close()
        self._zygotes.leave()
        for descriptor in self._told.values():
            os.close(descriptor)

    def _reap(self) -> None:
        for pid, status in ended(self._woken):
            if self._reserve is not None and pid == self._reserve.pid:  # its checks cannot be read: a grader tells
                self._reserve.close()
                self._reserve = self._last = None
            if pid in self._told:
                self._tell(pid, os.waitstatus_to_exitcode(status))
                os.close(self._told.pop(pid))
        end_all(self._orphans)

    def _orphans(self) -> Iterator[psutil.Process]:
        """What graders that were killed have left: the forge itself starts nothing but graders."""
        own = {*self._told, *self._zygotes.pids, *([self._reserve.pid] if self._reserve else [])}
        for child in psutil.Process().children():
            if child.pid not in own:
                yield child
                with suppress(psutil.NoSuchProcess):
                    yield from child.children(recursive=True)

    def _stop_all(self) -> None:
        for pid in self._told:
            os.kill(pid, signal.SIGTERM)
        if self._reserve is not None:
            os.kill(self._reserve.pid, signal.SIGKILL)

    def _tell(self, pid: int, number: int) -> None:
        with suppress(OSError):  # nobody listens any more
            os.write(self._told[pid], b"%d\n" % number)


def _wait_order(orders: socket.socket, nurseries: Nurseries) -> Order | None:
    line, descriptors = received(orders)
    return _order(line, descriptors, nurseries) if line else None


def _order(line: bytes, descriptors: list[int], nurseries: Nurseries) -> Order:
    """In the grader: its order. What it prints goes to its log from now on, and it stands in its run's folder."""
    told, log = descriptors
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)
    order = json.loads(line)
    suite, project, run = Path(order["suite"]), Path(order["project"]), Path(order["run"])
    os.chdir(run)
    return Order(told, suite, project, run, tuple(order["only"]), order["codes"], tuple(order["given"]), nurseries)


def _freeze() -> None:
    """What is here already is never looked through again, nor copied for it."""
    gc.collect()
    gc.freeze()
