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
from checker.harness.processes import Started, describe, orphans, record_left
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
        """Stop all, last first. Each tells what outlived it; what escaped from all of them is told here, and killed."""
        self._guard.close()
        while self._started:
            self._started.pop().stop()
        for orphan in orphans():
            record_left(self._run.history, "", [describe(orphan)])
            with suppress(psutil.Error):
                orphan.kill()
                orphan.wait(timeout=5)
