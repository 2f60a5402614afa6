"""The learner's progress: one small JSON file, read and written whole. Draws nothing, judges nothing.

    {"schema": 2, "current": "stage_2/blocking_problem",
     "exercises": {"stage_2/blocking_problem": {"attempts": 3, "hints_shown": {"test_six: all-slots-busy": 1}, ...}}}

The keys of an exercise are the fields of ExerciseProgress. A key that is new or changes its meaning raises the schema.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from course.errors import UsageError
from course.files import replace_file, writing
from course.model import CheckResult, Exercise, Fact, Outcome, Verdict
from course.shared.facts import known_of

SCHEMA = 2


@dataclass(frozen=True, slots=True)
class ExerciseProgress:
    """What is known of one exercise. Moments are in ISO 8601, with their offset from UTC.

    `passed_at` is when it passed last, and stays. `passed_hash` is that of the files that passed; None again when the
    very same files have failed since. The counts are of the last run of all checks that was judged; `failed_...` is
    what failed last, in a run of some checks too, and has not passed since. `hints_shown` counts for each diagnosis in
    each check: in another check it has another cause, and its hints begin anew.
    """

    attempts: int = 0
    hints_shown: Mapping[str, int] = field(default_factory=dict)
    passed_at: str | None = None
    passed_hash: str | None = None
    checked_at: str | None = None
    passed_count: int = 0
    check_count: int = 0
    failed_check: str | None = None
    failed_sentence: str | None = None
    failed_code: str | None = None
    failed_facts: Mapping[str, Fact] = field(default_factory=dict)
    solution_asked: bool = False

    @property
    def failure(self) -> str:
        """The last failure as `hints_shown` names it; "" where nothing has failed."""
        return f"{self.failed_check}: {self.failed_code}" if self.failed_code else ""

    @property
    def hints_seen(self) -> int:
        """How many hints for the last failure have been shown."""
        return self.hints_shown.get(self.failure, 0)

    @property
    def is_ticked(self) -> bool:
        """Whether some files have passed, and have not failed since."""
        return self.passed_at is not None and self.passed_hash is not None


@dataclass(frozen=True, slots=True)
class Progress:
    """Every exercise that was checked, by its path, and the one that is being worked on."""

    exercises: Mapping[str, ExerciseProgress] = field(default_factory=dict)
    current: str | None = None


@dataclass(frozen=True, slots=True)
class LoadedProgress:
    """What a file came to. `note` tells the learner what became of a file that could not be read."""

    progress: Progress
    note: str = ""


class BoxState(StrEnum):
    """How an exercise's box stands on the roadmap. Stale: it passed, and the files as they are now have not."""

    COMING = "coming"
    OPEN = "open"
    STARTED = "started"
    PASSED = "passed"
    STALE = "stale"


class _Unreadable(ValueError):
    """The file is JSON, but no progress."""


def load(path: Path) -> LoadedProgress:
    """The progress in a file; empty when there is none. A file that makes no sense is renamed, never overwritten.

    Raises UsageError for a file of a newer `learn`, and for one that may not be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return LoadedProgress(Progress())
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {(error.strerror or str(error)).lower()}.", "It must be a file that you may read."
        ) from error
    try:
        return LoadedProgress(_from_json(json.loads(content), path))
    except (ValueError, RecursionError) as error:
        aside = _put_aside(path)
        return LoadedProgress(
            Progress(), f"{path.name} could not be read ({error}). It is kept as {aside}; progress starts anew."
        )


def save(path: Path, progress: Progress) -> None:
    """Write the whole file, or leave it as it was. Raises MachineLacks or UsageError where the disk refuses."""
    body = {"schema": SCHEMA, **asdict(progress)}
    text = json.dumps(body, ensure_ascii=False, indent=1) + "\n"
    # A fact may be a word of the learner's with half a character in it (a surrogate): JSON escapes it as Python does.
    replace_file(path, text.encode(errors="backslashreplace"))


def after(progress: Progress, verdict: Verdict, work_hash: str, now: datetime) -> Progress:
    """The progress with one more verdict on files of this hash. One that judged nothing is not counted."""
    known = progress.exercises.get(verdict.exercise, ExerciseProgress())
    if verdict.outcome not in (Outcome.BROKEN, Outcome.INCONCLUSIVE):
        counted = _counted_partial if verdict.is_partial else _counted
        known = counted(known, verdict, work_hash, now.isoformat(timespec="seconds"))
    return Progress({**progress.exercises, verdict.exercise: known}, current=verdict.exercise)


def first_failure_since_passing(before: ExerciseProgress, verdict: Verdict) -> bool:
    """Whether this verdict is the first to say that what had passed does not pass any more."""
    return verdict.outcome is Outcome.FAILED and before.passed_at is not None and before.failed_check is None


def box_state(exercise: Exercise, progress: Progress, current_hash: str | None) -> BoxState:
    """How the box stands when the learner's files have this hash now (None or "": they are not there)."""
    known = progress.exercises.get(exercise.path)
    if not exercise.written:
        return BoxState.COMING
    if known is not None and known.passed_at is not None:
        is_changed = bool(current_hash) and current_hash != known.passed_hash
        return BoxState.STALE if is_changed or not known.is_ticked else BoxState.PASSED
    is_begun = known is not None or exercise.path == progress.current or bool(current_hash)
    return BoxState.STARTED if is_begun else BoxState.OPEN


def _counted(known: ExerciseProgress, verdict: Verdict, work_hash: str, now: str) -> ExerciseProgress:
    known = replace(
        _failed(known, verdict.first_failure),
        attempts=known.attempts + 1,
        checked_at=now,
        passed_count=verdict.passed_count,
        check_count=len(verdict.results),
    )
    if verdict.outcome is Outcome.PASSED:
        return replace(known, passed_at=now, passed_hash=work_hash)
    if verdict.outcome is Outcome.FAILED and work_hash == known.passed_hash:
        # The very files that passed once fail now: the checks have changed, or the first verdict was luck.
        return replace(known, passed_hash=None)
    return known


def _counted_partial(known: ExerciseProgress, verdict: Verdict, _work_hash: str, _now: str) -> ExerciseProgress:
    """Some of the checks tell nothing of the others: all that they change is what failed last."""
    failure = verdict.first_failure
    has_passed = any(r.id == known.failed_check and r.outcome is Outcome.PASSED for r in verdict.results)
    return _failed(known, failure) if failure or has_passed else known


def _failed(known: ExerciseProgress, failure: CheckResult | None) -> ExerciseProgress:
    finding = failure.finding if failure else None
    return replace(
        known,
        failed_check=failure.id if failure else None,
        failed_sentence=failure.sentence if failure else None,
        failed_code=finding.code if finding else None,
        failed_facts=known_of(finding) if finding else {},
    )


def _put_aside(path: Path) -> str:
    number = 1
    while (aside := path.with_name(f"{path.name}.unreadable-{number}")).exists():
        number += 1
    with writing(path):
        path.rename(aside)
    return f"{aside.parent.name}/{aside.name}"


def _from_json(body: Any, path: Path) -> Progress:
    schema = _object(body, "the file").get("schema")
    if not isinstance(schema, int) or schema < 1:
        raise _Unreadable(f"schema is {schema!r}")
    if schema > SCHEMA:
        raise UsageError(
            f"{path} was written by a newer learn (schema {schema}; this one reads {SCHEMA}).",
            "Update this one: pip install --upgrade learn-asgi",
        )
    current = body.get("current")
    if not isinstance(current, str | None):
        raise _Unreadable(f"current is {current!r}")
    exercises = _object(body.get("exercises"), "exercises")
    return Progress({name: _exercise(_object(entry, name)) for name, entry in exercises.items()}, current)


def _object(found: Any, what: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise _Unreadable(f"{what} is no object")
    return found


def _exercise(entry: dict[str, Any]) -> ExerciseProgress:
    blank = ExerciseProgress()
    found: dict[str, Any] = {}
    for name, default in asdict(blank).items():
        found[name] = value = entry.get(name, default)
        # A text may be null; everything else is of its default's own kind.
        fits = isinstance(value, str | None) if default is None else type(value) is type(default)
        if not fits:
            raise _Unreadable(f"{name} is {value!r}")
    if not all(type(count) is int for count in found["hints_shown"].values()):
        raise _Unreadable(f"hints_shown is {found['hints_shown']!r}")
    if not all(isinstance(fact, Fact) for fact in found["failed_facts"].values()):
        raise _Unreadable(f"failed_facts is {found['failed_facts']!r}")
    return ExerciseProgress(**found)
