"""The files that an exercise gives and the learner has left alone: no finding points at a line of theirs."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from pathlib import Path

from course.shared.reading import content_of


def left_as_given(suite: Path, project: Path) -> frozenset[str]:
    """Those of exercise.toml's `given` that stand in the project as in the scaffold. Altered ones are the learner's."""
    exercise = suite.parents[2] / "exercises" / suite.parent.name / suite.name
    facts = exercise / "exercise.toml"
    given = tomllib.loads(facts.read_text("utf-8")).get("given", []) if facts.is_file() else []
    return frozenset(file for file in given if _is_same(exercise / "scaffold" / file, project / file))


def _is_same(issued: Path, found: Path) -> bool:
    with suppress(OSError):  # no file, or closed to us: not as it was given
        return issued.is_file() and issued.read_bytes() == content_of(found)
    return False
