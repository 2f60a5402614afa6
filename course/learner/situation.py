"""Where the learner stands: workspace, course and progress, read together; and which exercise a command means.

Changes nothing but progress.json, and that only through `keep`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from course.content import catalogue
from course.content.places import Places
from course.errors import UsageError
from course.learner import locking, progress, workspace
from course.learner.progress import BoxState, ExerciseProgress, Progress
from course.learner.workspace import Workspace
from course.model import Course, Exercise, Stage

NEW_WORKSPACE = "wsgi-asgi"


@dataclass(frozen=True, slots=True)
class Situation:
    """One reading of all that a command needs. `note` says what the learner should know about the state file."""

    places: Places
    course: Course
    workspace: Workspace
    progress: Progress
    note: str = ""

    def of(self, exercise: Exercise) -> ExerciseProgress:
        """What is known of one exercise; nothing yet is an empty record."""
        return self.progress.exercises.get(exercise.path, ExerciseProgress())

    def keep(self, progress_now: Progress) -> Situation:
        """The same situation with this progress, saved."""
        progress.save(self.workspace.progress_file, progress_now)
        return replace(self, progress=progress_now)


def here(places: Places | None = None) -> Situation:
    """The workspace around the current folder, swept and read. Raises UsageError where there is none."""
    at = folder()
    if workspace_if_any(at) is None and workspace_if_any(at / NEW_WORKSPACE) is not None:
        raise UsageError(f"this folder is no workspace; yours is in {NEW_WORKSPACE}/.", f"cd {NEW_WORKSPACE}")
    return of(workspace.find(at), places)


def workspace_if_any(start: Path | None = None) -> Workspace | None:
    """The workspace around a folder (default: the current one), unread; None where there is none."""
    at = start or folder()
    try:
        return workspace.find(at)
    except UsageError:
        return None


def is_nowhere() -> bool:
    """Whether no workspace is in sight: neither around the current folder nor made in it by `learn next`."""
    return workspace_if_any() is None and workspace_if_any(folder() / NEW_WORKSPACE) is None


def of(ws: Workspace, places: Places | None = None) -> Situation:
    """The situation in a workspace; sweeps up first what a killed run has left."""
    places = places or Places()
    locking.sweep(ws)
    loaded = progress.load(ws.progress_file)
    return Situation(places, catalogue.read(places), ws, loaded.progress, loaded.note)


def folder() -> Path:
    """The current folder, as the shell names it: one that was entered by a link has the link in its path."""
    try:
        at = Path.cwd()
    except FileNotFoundError:
        raise UsageError("the folder you are in is gone.", "`cd` to another one, and type it again.") from None
    named = Path(os.environ.get("PWD", ""))
    try:
        return named if named.is_absolute() and named.samefile(at) else at
    except OSError:
        return at  # PWD is of another time or place


def is_inside(place: Path) -> bool:
    """Whether the current folder is this one, or lies in it."""
    return folder().resolve().is_relative_to(place.resolve())


def from_here(path: Path) -> str:
    """The path as one would type it in the current folder."""
    return os.path.relpath(path, folder())


def meant(situation: Situation, name: str | None) -> Exercise:
    """The exercise a command is about: the one named, else the one you are at."""
    if name:
        return catalogue.find(situation.course, name)
    at = exercise_at(situation)
    if at is not None:
        return at
    if situation.progress.current is None:
        raise UsageError("no exercise is begun here.", "`learn next` makes the first; `learn progress` lists them all.")
    return catalogue.find(situation.course, situation.progress.current)


def exercise_at(situation: Situation) -> Exercise | None:
    """Where you are: the exercise whose folder holds the current folder, else the one begun or checked last."""
    current = None
    for exercise in situation.course.exercises:
        place = situation.workspace.exercise(exercise.path)
        if place.is_dir() and is_inside(place):
            return exercise
        if exercise.path == situation.progress.current:
            current = exercise
    return current


def is_made(situation: Situation, exercise: Exercise) -> bool:
    """Whether the exercise's folder is in the workspace, made by `learn next`."""
    ws = situation.workspace
    return ws.exercise(exercise.path).is_dir() and ws.base(exercise.path).is_dir()


def project_of(situation: Situation, exercise: Exercise) -> Path:
    """The learner's folder of an exercise. Raises UsageError while it is not made."""
    if not is_made(situation, exercise):
        raise UsageError(f"{exercise.path} is not in your folder yet.", f"`learn next {exercise.name}` makes it.")
    return situation.workspace.exercise(exercise.path)


def box(situation: Situation, exercise: Exercise) -> BoxState:
    """How the exercise's box stands. Reads the learner's files only where an edit could have made a tick stale."""
    files_now = None
    if is_made(situation, exercise):
        # Without a tick, all that counts is that the files are there.
        is_ticked = situation.of(exercise).is_ticked
        files_now = workspace.work_hash(situation.workspace, exercise.path) if is_ticked else "there"
    return progress.box_state(exercise, situation.progress, files_now)


def boxes(situation: Situation) -> Mapping[str, BoxState]:
    """Every box's state, by the exercise's path."""
    return {exercise.path: box(situation, exercise) for exercise in situation.course.exercises}


def next_open(course: Course, known: Progress) -> Exercise | None:
    """The first exercise of the roadmap that exists and has no tick."""
    for exercise in course.exercises:
        if exercise.written and not known.exercises.get(exercise.path, ExerciseProgress()).is_ticked:
            return exercise
    return None


def stage_of(course: Course, exercise: Exercise) -> Stage:
    """The stage an exercise belongs to."""
    return next(stage for stage in course.stages if stage.name == exercise.stage)
