"""All processes of one server, wherever they fled: found by marks in their environment, as systemd does by cgroups.

A daemon that left its session, and a child whose parents are dead, still carry the variables they were born with.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from checker.harness.deployment.told_errors import explained
from checker.harness.descendants import CHILDREN_ARE_LISTED, descendants, processes
from checker.harness.findings import NotYet
from checker.harness.http import Answer
from checker.harness.processes import KILL_DEADLINE_S, LAST_GRACE_S, record_left
from checker.harness.run import Run
from checker.harness.site import BOOT_DEADLINE_S, SelfBound
from course.shared.leftovers import describe, lives


class ControlGroup:
    """The family of the server `name` of this run; process `first` leads it, and is buried by who started it."""

    def __init__(self, run: Run, name: str, first: int) -> None:
        self._first = first
        # Put there by SelfBound: LEARN_SERVER is unique in the run, the temporary folder on the machine.
        self._marks = {"LEARN_SERVER": name, "TMPDIR": str(run.temporary)}

    def members(self) -> list[psutil.Process]:
        """Who lives now, the first process included."""
        return [process for process in _everybody() if self._has(process)]

    def staying(self, grace_s: float = LAST_GRACE_S) -> list[psutil.Process]:
        """Which others are still there after a while: good children end by themselves once their master has."""
        return _living_after(self._others(self.members()), grace_s)

    def kill(self) -> None:
        """End all that live, and wait for the end of the others; again for those who were born meanwhile."""
        for _ in range(3):
            living = self.members()
            send(living, signal.SIGKILL)
            _living_after(self._others(living), KILL_DEADLINE_S)

    def _others(self, processes: list[psutil.Process]) -> list[psutil.Process]:
        # psutil buries children of ours when it waits for them. The exit code of the first is wanted elsewhere.
        return [process for process in processes if process.pid != self._first]

    def _has(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error, OSError):
            variables = process.environ()
            return all(variables.get(name) == value for name, value in self._marks.items()) and lives(process)
        return False


def _everybody() -> Iterable[psutil.Process]:
    """All that can belong to a server: on Linux who descends from the grader, which adopts whoever loses its parent."""
    if CHILDREN_ARE_LISTED:
        return processes(pid for pid, _parent in descendants(os.getpid()))
    return psutil.process_iter()


class Family(SelfBound):
    """A site that is served by somebody its first process has started, and that is stopped to the last of them."""

    def __init__(
        self, run: Run, name: str, command: Sequence[str], *, environment: Mapping[str, str], folder: Path | None = None
    ) -> None:
        super().__init__(run, name, command, environment=environment, folder=folder)
        self.group = ControlGroup(run, name, self.pid)

    def stop(self) -> list[str]:
        """Stop it and its family; returns the command lines of what it left behind."""
        left = super().stop()
        escaped = described(self.group.members())
        self.group.kill()
        record_left(self.run.history, self.name, escaped)
        return [*left, *escaped]


class Governed(Family):
    """One whose whole family ends with its first process: systemd and docker both see to that."""

    def expect_ready(self, path: str = "/", deadline_s: float = BOOT_DEADLINE_S) -> Answer:
        """As `Site.expect_ready`. An answer by somebody who outlives the first process (`--daemon`) is none."""
        try:
            answer = super().expect_ready(path, deadline_s)
            if self.process.returncode is None:
                return answer
            self.group.kill()
            return super().expect_ready(path, deadline_s)
        except NotYet as silent:
            raise explained(silent, self.process.log.text, self.run) from None


def send(processes: list[psutil.Process], number: signal.Signals) -> None:
    """Send a signal to each that still lives."""
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(number)


def described(processes: list[psutil.Process]) -> tuple[str, ...]:
    """Their command lines."""
    return tuple(describe(process) for process in processes)


def _living_after(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return [process for process in alive if lives(process)]
