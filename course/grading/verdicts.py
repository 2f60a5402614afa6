"""The verdict of a run, as its folder keeps it: verdict.json."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from course import files
from course.model import Outcome, Verdict
from course.shared.wire import result_from

VERSION = 2
READ_VERSIONS = (1, 2)  # 1: findings without facts


def save(verdict: Verdict) -> None:
    """Keep it in its run's folder. Raises MachineLacks or UsageError where the disk refuses."""
    body = {"v": VERSION, **asdict(verdict), "run": verdict.run.name}
    with files.writing(verdict.run):
        (verdict.run / "verdict.json").write_text(json.dumps(body, indent=1), encoding="utf-8")


def read(run: Path) -> Verdict | None:
    """The verdict that a run's folder holds; None when the run was killed or its file is of another version."""
    try:
        body: dict[str, Any] = json.loads((run / "verdict.json").read_text(encoding="utf-8"))
        if body["v"] not in READ_VERSIONS:
            return None
        return Verdict(
            exercise=body["exercise"],
            outcome=Outcome(body["outcome"]),
            results=tuple(result_from(result) for result in body["results"]),
            seconds=float(body["seconds"]),
            run=run,
            reason=body["reason"],
            is_partial=bool(body.get("is_partial", False)),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
