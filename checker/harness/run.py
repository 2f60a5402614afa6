"""One run of a check file: where it keeps its things."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from checker.harness.history import History
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
