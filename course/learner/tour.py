"""The main job once through, in a throw-away workspace: begin an exercise, see it fail, mend it, see it pass.

Draws nothing, and takes no shortcut: it calls what `learn next`, `learn check` and `learn progress` call.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from course.content import catalogue, scaffold
from course.content.places import Places
from course.errors import CourseBug, MachineLacks
from course.learner import situation, workspace
from course.learner.situation import NEW_WORKSPACE, Situation
from course.model import Exercise, Outcome, Verdict


def exercise_of(places: Places) -> Exercise:
    """The exercise that course.toml names for the tour."""
    course = catalogue.read(places)
    if not course.tour:
        raise CourseBug(f"{places.course_file}: key 'tour' is missing")
    return catalogue.find(course, course.tour)


@contextmanager
def throw_away(places: Places, exercise: Exercise) -> Iterator[Situation]:
    """A workspace of its own with the exercise begun in it; gone when the tour is over."""
    folder = Path(tempfile.mkdtemp(prefix="learn-tour-"))
    try:
        ws = workspace.create(folder / NEW_WORKSPACE, catalogue.read(places))
        workspace.add(ws, places, exercise)
        here = situation.of(ws, places)
        yield here.keep(replace(here.progress, current=exercise.path))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def mend(here: Situation, exercise: Exercise) -> None:
    """Do the learner's work: lay the reference over the scaffold."""
    scaffold.overlay(here.places.reference(exercise.path), here.workspace.exercise(exercise.path))


def must_fail(exercise: Exercise, verdict: Verdict) -> None:
    """Raises unless the untouched scaffold met the finding that exercise.toml promises."""
    _must_be_judged(verdict)
    failure = verdict.first_failure
    seen = f"{failure.id}: {failure.finding.code}" if failure and failure.finding else verdict.outcome.value
    wanted = f"{exercise.first_check}: {exercise.first_code}"
    if seen != wanted:
        raise CourseBug(f"the untouched {exercise.path} should have met {wanted}, and came to {seen}. {verdict.reason}")


def must_pass(exercise: Exercise, verdict: Verdict) -> None:
    """Raises unless the reference has passed."""
    _must_be_judged(verdict)
    if verdict.outcome is not Outcome.PASSED:
        failure = verdict.first_failure
        seen = failure.finding.saw if failure and failure.finding else verdict.reason
        raise CourseBug(f"the reference of {exercise.path} should have passed, and came to {verdict.outcome}: {seen}")


def _must_be_judged(verdict: Verdict) -> None:
    if verdict.outcome in (Outcome.SKIPPED, Outcome.INCONCLUSIVE):
        reason = verdict.reason or next((result.reason for result in verdict.results if result.reason), "")
        raise MachineLacks(f"this machine could not judge {verdict.exercise}: {reason}", "`learn doctor` looks closer.")
