"""All processes of a web command: those that serve, held back and let go, and how they end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil

from checker.harness.events import EventKind
from checker.harness.idle import Rest
from checker.harness.run import Run
from checker.harness.site import Site
from checker.harness.waiting import wait_until
from checker.milestones.convert_to_async.depot import PATIENCE_S
from course.shared.leftovers import lives

LOOK_EVERY_S = 0.02
HOLDING_S = 0.005


@dataclass(frozen=True, slots=True)
class Family:
    """A shell may stand before the server, and end before it; a server may have workers. As Rest wants it."""

    name: str
    pid: int
    children: list[psutil.Process]

    @classmethod
    def of(cls, server: Site) -> Family:
        """Those that live now."""
        return cls(server.name, server.pid, server.process.children)

    @property
    def _members(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            return [psutil.Process(self.pid), *self.children]
        return self.children

    @property
    def commands(self) -> list[str]:
        """Their command lines, the server's last."""
        found = []
        for member in self._members:
            with suppress(psutil.Error):
                found.append(" ".join(member.cmdline()))
        return found

    def serving(self, port: int) -> list[psutil.Process]:
        """Those that take connections at this port: of a server with workers it is they, and not their parent."""
        listening: dict[int, psutil.Process] = {}
        parents: set[int] = set()
        for member in self._members:
            with suppress(psutil.Error):  # it has ended meanwhile
                if any(s.status == psutil.CONN_LISTEN and s.laddr.port == port for s in member.net_connections()):
                    listening[member.pid] = member
                    parents.add(member.ppid())
        return [member for pid, member in listening.items() if pid not in parents]

    @contextmanager
    def all_but(self, one: psutil.Process) -> Iterator[None]:
        """Hold all others back where they stand (SIGSTOP): whoever answers meanwhile, it is this one."""
        others = [member for member in self._members if member != one]
        try:
            for other in others:
                with suppress(psutil.Error):
                    other.suspend()
            wait_until(lambda: all(map(_is_held, others)), PATIENCE_S, every_s=HOLDING_S)
            yield
        finally:
            for other in others:
                with suppress(psutil.Error):
                    other.resume()

    def end(self, run: Run) -> None:
        """SIGTERM to all of them, as platforms do that start a Procfile."""
        run.history.record(EventKind.PROCESS_SIGNALLED, server=self.name, pid=self.pid, signal="SIGTERM")
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGTERM)

    def wait(self, deadline_s: float) -> int | None:
        """0 once none lives, None when one still does at the deadline."""
        return 0 if wait_until(self._are_gone, deadline_s, every_s=LOOK_EVERY_S) else None

    def ends_by_itself(self, rest_s: float) -> bool:
        """Whether they end; not when they rest for so long."""
        return wait_until(self._are_gone, 2 * PATIENCE_S + rest_s, unless_ended=Rest(self, rest_s))

    def _are_gone(self) -> bool:
        return not any(lives(member) for member in self._members)


def _is_held(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.status() in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE)
    return True
