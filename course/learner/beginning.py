"""How work begins: `learn init` makes a workspace, `learn next` puts exercises into it. Overwrites nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from course.content import catalogue
from course.content.places import Places
from course.learner import locking, situation, workspace
from course.learner.progress import Progress
from course.learner.situation import NEW_WORKSPACE, Situation
from course.learner.workspace import Workspace
from course.model import Course, Exercise, Stage


@dataclass(frozen=True, slots=True)
class Begun:
    """One exercise in the workspace. `files` is empty when it was there before."""

    stage: Stage
    exercise: Exercise
    folder: Path
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Beginning:
    """What `learn next` came to. `begun` is empty when all that exists has passed; `steps` is what to type then.

    `coming` exercises of the roadmap do not exist yet; `note` is about the progress file.
    """

    begun: tuple[Begun, ...]
    steps: list[str]
    coming: int
    note: str = ""


def workspace_in(folder: Path, places: Places | None = None) -> Workspace:
    """Make a workspace in a folder. Raises UsageError in a folder that is one, or lies in one."""
    return workspace.create(situation.folder() / folder, catalogue.read(places or Places()))


def reset(here: Situation, exercise: Exercise) -> tuple[Path, str]:
    """Put the exercise back to its scaffold; returns the backup of the learner's work, and the way back out of it.

    There is one ("" else) when the current folder lay inside the exercise's, and moved along.
    """
    project = here.workspace.exercise(exercise.path)
    was_inside = situation.is_inside(project)
    with locking.lock(here.workspace):
        backup = workspace.reset(here.workspace, here.places, exercise)
    is_moved = was_inside and not situation.is_inside(project)
    return backup, f"cd {shlex.quote(str(project))}" if is_moved else ""


def steps_to(folder: Path, command: str) -> list[str]:
    """What to type, from the current folder, to run a command in a workspace's or an exercise's folder."""
    return [command] if situation.is_inside(folder) else [f"cd {shlex.quote(situation.from_here(folder))}", command]


def begin(name: str | None, *, whole_stage: bool = False, places: Places | None = None) -> Beginning:
    """Make the exercise named, or the next open one, or all of its stage; and a workspace where there is none."""
    places = places or Places()
    course = catalogue.read(places)
    at = situation.folder()
    found = situation.workspace_if_any(at) or situation.workspace_if_any(at / NEW_WORKSPACE)
    before = situation.of(found, places) if found else None
    chosen = _chosen(course, before.progress if before else Progress(), name, whole_stage)
    here = before or situation.of(workspace.create(at / NEW_WORKSPACE, course), places)
    with locking.lock(here.workspace):
        begun = tuple(_made(here, exercise) for exercise in chosen)
        if begun:
            here.keep(replace(here.progress, current=begun[0].exercise.path))
    coming = sum(not exercise.written for exercise in course.exercises)
    # The exercise's own folder: lessons give commands for there, and in another exercise's one that would be checked.
    place = begun[0].folder if begun else here.workspace.root
    return Beginning(begun, steps_to(place, "learn check"), coming, here.note)


def _chosen(course: Course, known: Progress, name: str | None, whole_stage: bool) -> Iterable[Exercise]:
    exercise = catalogue.find(course, name) if name else situation.next_open(course, known)
    if exercise is None:
        return ()
    if not whole_stage:
        return (exercise,)
    stage = situation.stage_of(course, exercise)
    # The one asked for comes first: it becomes the current one.
    return (exercise, *(other for other in stage.exercises if other.written and other != exercise))


def _made(here: Situation, exercise: Exercise) -> Begun:
    folder = here.workspace.exercise(exercise.path)
    made = () if situation.is_made(here, exercise) else workspace.add(here.workspace, here.places, exercise)
    return Begun(situation.stage_of(here.course, exercise), exercise, folder, made)
