"""One run of a check file: where it keeps its things."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from checker.harness import zygote
from checker.harness.history import History
from course.shared.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Run:
    """The learner's project, the run's folder (kept), a short temporary folder (removed), the record, the ledger.

    `given` are the files of the project that are as issued: findings point at none of them. `port` tells
    at which one the server of a name is to stand, if it is free, 0 for any; `overheard` gets each piece of a program's
    output as it comes. Servers are forked in the `nurseries`, where these have any.
    """

    project: Path
    folder: Path
    temporary: Path
    history: History
    ledger: Ledger
    given: frozenset[str] = frozenset()
    port: Callable[[str], int] = lambda _name: 0
    overheard: Callable[[str, bytes], object] = lambda _name, _output: None
    nurseries: zygote.Nurseries = zygote.NONE


RUN = pytest.StashKey[Run]()
