"""One run of a check file: where it keeps its things, and what it has started."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from checker.harness.guard import Guard
from checker.harness.history import History
from checker.harness.processes import Started, describe, orphans
from course.shared.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Run:
    """The learner's project, the run's folder (kept), a short temporary folder (removed), the record, the ledger."""

    project: Path
    folder: Path
    temporary: Path
    history: History
    ledger: Ledger


RUN = pytest.StashKey[Run]()


_S = TypeVar("_S", bound=Started)


class Stack:
    """What was started, to be stopped in reverse."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._started: list[Started] = []
        self._guard = Guard(run.history)

    def start(self, starter: Callable[..., _S], *arguments: Any, **options: Any) -> _S:
        """Start one more; it is watched from now on."""
        server = starter(self._run, *arguments, **options)
        self._started.append(server)
        self._guard.watch(server)
        return server

    def stop(self) -> None:
        """Stop all, last first. What outlives its server goes to the history as `process.left`, and is killed."""
        self._guard.close()
        while self._started:
            server = self._started.pop()
            for command_line in server.stop():
                self._run.history.record("process.left", server=server.name, command=command_line)
        for orphan in orphans():
            self._run.history.record("process.left", server="", command=describe(orphan))
            with suppress(psutil.Error):
                orphan.kill()
                orphan.wait(timeout=5)
