"""How fast this machine is, so that budgets which were set on another can be held against it."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from benchmarks.commands import bare_interpreter, wall_s

BARE_MS = 11.0  # `python -c pass` on the machine that the budgets were set on
BARE_RUNS = 3  # beside each longer command


class Pace:
    """How many times as long as on the machine of the budgets things take here: by the bare interpreter."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._taken_ms: list[float] = []

    @property
    def bare_ms(self) -> float:
        """The median of the interpreter's runs so far."""
        return median(self._taken_ms)

    @property
    def mark(self) -> int:
        """For `__call__`: the runs from here on."""
        return len(self._taken_ms)

    def look(self) -> None:
        """Take the interpreter's time now."""
        self._taken_ms += (wall_s(bare_interpreter(), self._folder) * 1000 for _ in range(BARE_RUNS))

    def __call__(self, since: int = 0) -> float:
        """By the looks since this mark."""
        return median(self._taken_ms[since:]) / BARE_MS
