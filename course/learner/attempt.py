"""One attempt at an exercise: its checks are run, then progress.json and ROADMAP.md are brought up to date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from course import files
from course.errors import UsageError
from course.grading import checking
from course.grading.forge import Forge
from course.grading.stopping import Stop, Stopped
from course.learner import locking, picking, progress, roadmap, situation, workspace
from course.learner.progress import BoxState, ExerciseProgress
from course.learner.situation import Situation
from course.model import CheckEvent, Exercise, ExitStatus, Outcome, Verdict
from course.shared import equipment


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of it: the verdict, and the situation and boxes with it counted in.

    `passed_before` is when it had passed, in the first attempt that says that it does not any more; else None.
    """

    exercise: Exercise
    verdict: Verdict
    situation: Situation
    boxes: Mapping[str, BoxState]
    is_on_roadmap: bool = True  # a learner may have taken the line out of ROADMAP.md
    passed_before: str | None = None


class Listener(Protocol):
    """Who hears of a run: `begin` around each, the instance itself called with each event."""

    def begin(self, exercise: Exercise, servers: Sequence[str]) -> AbstractContextManager[None]:
        """Around a run of the exercise on these servers: its events come inside."""

    def __call__(self, event: CheckEvent, /) -> None:
        """One event."""


def chosen(here: Situation, name: str | None, *, every: bool = False, stage: int | None = None) -> tuple[Exercise, ...]:
    """The exercises to grade: those in the workspace (of one stage, or all), or the one that is meant."""
    if not every and stage is None:
        return (situation.meant(here, name),)
    if name:
        raise UsageError(f"{name} and {'--all' if every else '--stage'} exclude each other.", "Choose one.")
    stages = [part for part in here.course.stages if stage is None or part.number == stage]
    if not stages:
        raise UsageError(f"there is no stage {stage}.", "`learn progress` lists them.")
    made = tuple(e for part in stages for e in part.exercises if situation.is_made(here, e))
    if not made:
        raise UsageError("none of these exercises is in your folder yet.", "`learn next` makes one.")
    return made


def status(attempts: Sequence[Attempt]) -> ExitStatus:
    """The gravest of the attempts' exit statuses."""
    return max((attempt.verdict.outcome.exit_status for attempt in attempts), default=ExitStatus.PASSED)


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where a run is made, if not in a grader of its own: forked from this forge, and ended by this stop."""

    forge: Forge
    stop: Stop


def runs(
    here: Situation,
    exercise: Exercise,
    listener: Listener,
    *,
    only: str | None = None,
    first_failed: bool = False,
    workshop: Workshop | None = None,
) -> Iterator[Attempt]:
    """One run of all checks, or of the one that `only` names; or one of what failed last and, once it passes, of all.

    Each check that is picked is run with what it needs. Raises UsageError where `only` does not name just one.
    """
    picked = picking.failed_last(here, exercise) if first_failed else ()
    if only is not None:
        picked = picking.named(here.places, exercise, only)
    if picked:
        done = grade(here, exercise, listener, picked, workshop)
        yield done
        if only is not None or not done.verdict.is_partial or done.verdict.outcome is not Outcome.PASSED:
            return
        here = done.situation
    yield grade(here, exercise, listener, workshop=workshop)


def grade(
    here: Situation,
    exercise: Exercise,
    listener: Listener,
    only: Sequence[str] = (),
    workshop: Workshop | None = None,
) -> Attempt:
    """Run the exercise's checks on the learner's folder; `listener` hears each event as it comes.

    `only` names some of them, which are run with what they need: it neither passes then, nor loses its tick. A run on a
    machine that was too busy to judge is tried once more. Raises UsageError while another run holds the workspace,
    and Stopped where the workshop's stop ends it: then no trace of it is left.
    """
    project = situation.project_of(here, exercise)
    with locking.lock(here.workspace):
        # Taken before the checks: what is edited while they run has not been checked.
        work_hash = workspace.work_hash(here.workspace, exercise.path)
        verdict = _run(here, exercise, project, listener, only=only, workshop=workshop)
        if verdict.outcome is Outcome.INCONCLUSIVE:
            verdict = _run(here, exercise, project, listener, only=only, workshop=workshop)
        # Read again: a hint may have been taken in another terminal meanwhile.
        known = progress.load(here.workspace.progress_file).progress
        now = datetime.now(UTC)
        before = known.exercises.get(exercise.path, ExerciseProgress())
        lost = progress.first_failure_since_passing(before, verdict)
        after = replace(here, progress=known).keep(progress.after(known, verdict, work_hash, now))
        roadmap.update(here.workspace.roadmap_file, here.course, after.progress)
        text = here.workspace.roadmap_file.read_text(encoding="utf-8", errors="replace")
    is_on_roadmap = f"`{exercise.path}`" in text
    return Attempt(exercise, verdict, after, situation.boxes(after), is_on_roadmap, before.passed_at if lost else None)


def _run(
    here: Situation,
    exercise: Exercise,
    project: Path,
    listener: Listener,
    *,
    only: Sequence[str],
    workshop: Workshop | None,
) -> Verdict:
    folder = workspace.new_run(here.workspace, exercise.path)
    forge = None if workshop is None else workshop.forge
    try:
        with (
            # First of all: the child imports pytest while we import what draws it.
            checking.start(here.places, exercise, project=project, run=folder, only=only, forge=forge) as grading,
            listener.begin(exercise, tuple(equipment.named(server) for server in exercise.servers)),
        ):
            if workshop is not None:
                workshop.stop.follow(grading)
            for event in grading.events():
                listener(event)
            if grading.is_cut:
                raise Stopped
    except Stopped:
        files.remove(folder)
        raise
    return grading.verdict
