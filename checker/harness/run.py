"""One run of a check file: where it keeps its things."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from checker.harness.history import History
from course.shared.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Run:
    """The learner's project, the run's folder (kept), a short temporary folder (removed), the record, the ledger.

    `given` are the files of the project that are as issued: findings point at none of them. `ports` are those that
    servers of these names are to have, if they are free; `overheard` gets each piece of a program's output as it comes.
    """

    project: Path
    folder: Path
    temporary: Path
    history: History
    ledger: Ledger
    given: frozenset[str] = frozenset()
    ports: Mapping[str, int] = field(default_factory=dict)
    overheard: Callable[[str, bytes], object] = lambda _name, _output: None


RUN = pytest.StashKey[Run]()
