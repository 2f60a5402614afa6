"""What `learn open` opens of an exercise: the line of its last finding, its lesson, or the reference."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from course import files
from course.content import scaffold
from course.errors import CourseBug, UsageError
from course.learner import past_run, situation
from course.learner.situation import Situation
from course.model import Exercise, SourceLine


class Why(StrEnum):
    """Why it is this file."""

    FINDING = "the last finding"
    FIRST = "the first file to edit"
    LESSON = "the lesson"
    REFERENCE = "the reference, a copy to look at"


@dataclass(frozen=True, slots=True)
class Target:
    """Files to open, the first one at this line. `gone` is the file of the last finding, where it is there no more."""

    files: tuple[Path, ...]
    why: Why
    line: int | None = None
    gone: str = ""


def work(here: Situation, exercise: Exercise) -> Target:
    """The line where the last run failed first; else the first file to edit. Raises UsageError where none is there."""
    project = situation.project_of(here, exercise)
    where = _last_finding(here, exercise)
    if where is not None and (project / where.file).is_file():
        return Target((project / where.file,), Why.FINDING, where.line if where.line > 0 else None)
    gone = where.file if where is not None else ""
    for file in exercise.your_work:
        if (project / file).is_file():
            return Target((project / file,), Why.FIRST, gone=gone)
    missing = gone or next(iter(exercise.your_work), "")
    raise UsageError(
        f"{missing or 'the file to edit'} is not in {situation.from_here(project)}/ any more.",
        f"`learn reset {exercise.name}` brings back the files as issued, and keeps a backup of yours.",
    )


def lesson(here: Situation, exercise: Exercise) -> Target:
    """The lesson as the learner has it, with their own notes in it. Raises UsageError where it is gone."""
    project = situation.project_of(here, exercise)
    if not (project / scaffold.LESSON).is_file():
        raise UsageError(
            f"{scaffold.LESSON} is not in {situation.from_here(project)}/ any more.",
            f"`learn lesson {exercise.name}` shows the lesson.",
        )
    return Target((project / scaffold.LESSON,), Why.LESSON)


def reference(here: Situation, exercise: Exercise) -> Target:
    """The reference's files, in the order of the files to edit: a new copy, so that no edit reaches the course's own.

    Whether it may be seen is for the caller to ask (asking.may_see_solution).
    """
    copy = here.workspace.reference(exercise.path)
    with files.building(here.workspace.making, exercise.name) as place:
        scaffold.overlay(here.places.reference(exercise.path), place / "reference")
        files.remove(copy)
        files.move(place / "reference", copy)
    found = list(scaffold.listed(copy))
    if not found:
        raise CourseBug(f"{here.places.reference(exercise.path)}: the reference has no file")
    rank = {file: at for at, file in enumerate(exercise.your_work)}
    found.sort(key=lambda path: rank.get(path.as_posix(), len(rank)))
    return Target(tuple(copy / path for path in found), Why.REFERENCE)


def _last_finding(here: Situation, exercise: Exercise) -> SourceLine | None:
    verdict = past_run.last_verdict(here, exercise)
    failure = verdict.first_failure if verdict is not None else None
    return failure.finding.where if failure is not None and failure.finding is not None else None
