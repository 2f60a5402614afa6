"""Caps what the learner's processes may take: a leak or a fork bomb ends as a finding, not as a dead machine."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Collection, Iterable
from contextlib import suppress

import psutil

from checker.harness.descendants import descendants
from checker.harness.events import EventKind
from checker.harness.history import History
from checker.harness.open_files import record_those_out
from checker.harness.processes import Started

MEMORY_CAP_BYTES = 2 * 1024**3
PROCESS_CAP = 60  # no exercise wants more than ten; shared pages count for each process, so this comes first
LOOK_EVERY_S = 0.25


class Guard:
    """Looks at every server's family now and then; kills the family that takes too much and records `guard.killed`.

    Who has almost as many files open as a poor machine lets it have is told as `open_files.out`, and lives on.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._guarded: list[Started] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="guard", daemon=True)
        self._thread.start()

    def watch(self, server: Started) -> None:
        """Look after this one too."""
        self._guarded.append(server)

    def close(self) -> None:
        """Stop looking."""
        self._stop.set()
        self._thread.join(timeout=5)

    def _look(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            record_those_out(self._history, "the checks", [psutil.Process()])
            families = _families({server.pid for server in self._guarded})
            for server in list(self._guarded):
                # A service that runs elsewhere is not ours to judge, and who is gone has nobody.
                if family := families.get(server.pid):
                    record_those_out(self._history, server.name, family)
                    self._judge(server, family)

    def _judge(self, server: Started, family: list[psutil.Process]) -> None:
        memory_bytes = sum(_memory_bytes(family))
        if len(family) > PROCESS_CAP:
            self._kill(server, family, "too-many-processes", f"{len(family)} processes (the cap is {PROCESS_CAP})")
        elif memory_bytes > MEMORY_CAP_BYTES:
            cap, taken = MEMORY_CAP_BYTES // 1024**2, memory_bytes // 1024**2
            self._kill(server, family, "too-much-memory", f"{taken:,} MiB of memory taken (the cap is {cap:,} MiB)")

    def _kill(self, server: Started, family: list[psutil.Process], code: str, saw: str) -> None:
        self._history.record(EventKind.GUARD_KILLED, server=server.name, pid=family[0].pid, code=code, saw=saw)
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(family[0].pid, signal.SIGKILL)


def _families(masters: Collection[int | None]) -> dict[int | None, list[psutil.Process]]:
    """Each of these children of ours, first, with all that descend from it."""
    families: dict[int | None, list[psutil.Process]] = {}
    master_of: dict[int, int] = {}
    for pid, parent in descendants(os.getpid()):
        with suppress(psutil.NoSuchProcess):
            master = pid if pid in masters else master_of.get(parent)
            if master is not None:
                master_of[pid] = master
                families.setdefault(master, []).append(psutil.Process(pid))
    return families


def _memory_bytes(family: Iterable[psutil.Process]) -> Iterable[int]:
    for process in family:
        with suppress(psutil.Error):
            yield process.memory_info().rss
