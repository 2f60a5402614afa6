"""An exercise's own stack, standing until it is ended: started anew at each save, and found by who wants its variables.

In `.learn/stands/STAGE/NAME/` lie the stack's ledger, its logs, and stand.json: what was told when it stood. That file
is locked by the `learn run` that keeps the stack, and says something only as long as it is.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from course import files
from course.errors import CourseBug, LearnError, MachineLacks, UsageError
from course.grading import standing
from course.grading.standing import LOG
from course.learner import by_hand, changes, situation, workspace
from course.learner.situation import Situation
from course.model import Exercise, ExitStatus
from course.shared import equipment
from course.shared.ledger import LEDGER, Ledger
from course.shared.standing import StandEvent, Trouble, Up, from_line, to_line

LOOK_EVERY_S = 0.3
UP_DEADLINE_S = 60.0


class Listener(Protocol):
    """Who hears of a stack that stands."""

    def __call__(self, event: StandEvent, /) -> None:
        """One event."""

    def changed(self) -> None:
        """The learner's work has changed: the stack is started anew."""


def keep(here: Situation, exercise: Exercise, listener: Listener, chosen: Mapping[str, str]) -> None:
    """Have the exercise's stack stand on the learner's folder, anew at each save, until somebody presses Ctrl-C.

    `chosen` as in `standing.start`. Raises UsageError when it stands already, there is none, or it does not offer what
    is chosen; MachineLacks and CourseBug for what no edit of the learner's mends.
    """
    project = situation.project_of(here, exercise)
    if not here.places.stack(exercise.path).is_file():
        raise UsageError(f"{exercise.name} has nothing that could stand.", "`learn check` grades it.")
    with _held(here, exercise) as (folder, state):
        ports: Mapping[str, int] = {}
        while True:
            work_hash = workspace.work_hash(here.workspace, exercise.path)
            with standing.start(
                here.places, exercise, project=project, folder=folder, ports=ports, chosen=chosen
            ) as stack:
                for event in _until_changed(here, exercise, stack, work_hash):
                    _must_go_on(event)
                    listener(event)
                    if isinstance(event, Up):
                        ports = event.ports
                        _save(state, event)
            listener.changed()


def run(here: Situation, exercise: Exercise, command: Sequence[str]) -> int:
    """Run a command with the variables of the exercise's stack; returns its exit status.

    Of the stack that stands; where none does, of one that is started for it, if the exercise needs services. Nobody
    could let go whom that one's Gate holds: without it the given files play their upstream themselves. Raises
    UsageError for a command that does not exist, MachineLacks and CourseBug as `keep`.
    """
    project = situation.project_of(here, exercise)
    folder = None if Path.cwd().is_relative_to(project) else project
    with _variables(here, exercise, project) as variables:
        return by_hand.run(command, variables, folder)


def variables_of(here: Situation, exercise: Exercise) -> Mapping[str, str] | None:
    """Those of the stack that stands; None where none does."""
    up = _standing(_folder(here, exercise) / workspace.STAND)
    return None if up is None else up.variables


@contextmanager
def _variables(here: Situation, exercise: Exercise, project: Path) -> Iterator[Mapping[str, str]]:
    known = variables_of(here, exercise)
    if known is None and not equipment.SERVICES.isdisjoint(exercise.servers):
        with (
            _held(here, exercise) as (folder, state),
            standing.start(here.places, exercise, project=project, folder=folder, ports={}, chosen={}) as stack,
        ):
            up = _wait_up(stack, folder)
            alone = {name: value for name, value in up.variables.items() if value != up.gate}
            _save(state, replace(up, variables=alone))  # a second command beside this one finds the same services
            yield alone
        return
    yield known or {}


def _wait_up(stack: standing.Standing, folder: Path) -> Up:
    end_s = time.monotonic() + UP_DEADLINE_S
    while time.monotonic() < end_s and not stack.has_ended:
        for event in stack.events(LOOK_EVERY_S):
            _must_go_on(event)
            if isinstance(event, Trouble):
                raise UsageError(f"the exercise's stack does not start.\n{event.wrong}", event.remedy)
            if isinstance(event, Up):
                return event
    raise CourseBug(f"the stack did not start: {folder / LOG} tells why")


def _until_changed(
    here: Situation, exercise: Exercise, stack: standing.Standing, work_hash: str
) -> Iterator[StandEvent]:
    """What the stack tells until the learner's work has another hash than this."""
    is_told = False  # why it does not stand: only an edit helps
    with _changed(here, exercise, work_hash) as changed:
        while not changed.is_set():
            if not stack.has_ended:
                for event in stack.events(LOOK_EVERY_S):
                    is_told |= isinstance(event, Trouble)
                    yield event
            elif is_told:
                changed.wait(LOOK_EVERY_S)
            else:
                raise CourseBug(f"the stack has ended: {_folder(here, exercise) / LOG} tells why")


@contextmanager
def _changed(here: Situation, exercise: Exercise, work_hash: str) -> Iterator[threading.Event]:
    """Is set, by a thread of its own, once the learner's work has another hash than this."""
    changed, closed = threading.Event(), threading.Event()

    def look() -> None:
        for _ in changes.of(situation.project_of(here, exercise).resolve(), closed):
            if workspace.work_hash(here.workspace, exercise.path) != work_hash:
                changed.set()
                return

    thread = threading.Thread(target=look, name="saves", daemon=True)
    thread.start()
    try:
        yield changed
    finally:
        closed.set()
        thread.join()


def _must_go_on(event: StandEvent) -> None:
    """Raises MachineLacks, UsageError or CourseBug for what no edit of the learner's mends."""
    match event:
        case Trouble(status=ExitStatus.USAGE):
            raise UsageError(event.wrong, event.remedy)
        case Trouble(status=ExitStatus.MACHINE_LACKS):
            raise MachineLacks(event.wrong, event.remedy)
        case Trouble(status=ExitStatus.COURSE_BUG):
            raise CourseBug(event.wrong)


def _folder(here: Situation, exercise: Exercise) -> Path:
    return here.workspace.stands / exercise.path


@contextmanager
def _held(here: Situation, exercise: Exercise) -> Iterator[tuple[Path, Path]]:
    """The stack's folder and its stand.json, held by us alone; what an earlier one left is swept up."""
    folder = _folder(here, exercise)
    state = folder / workspace.STAND
    with files.writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(state, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            up = _standing(state)
            urls = ([url for _, url in up.sites] or [up.page]) if up else []
            at = f" at {', '.join(urls)}" if any(urls) else ""
            raise UsageError(
                f"the stack of {exercise.name} stands already{at}.",
                "Ctrl-C ends it in the terminal where `learn run` runs.",
            ) from None
        Ledger(folder / LEDGER).sweep()
        try:
            yield folder, state
        finally:
            with suppress(OSError):
                os.ftruncate(fd, 0)
    finally:
        os.close(fd)


def _save(state: Path, up: Up) -> None:
    """In place: the file is the lock, and must stay the one that is locked."""
    with files.writing(state), state.open("r+", encoding="utf-8") as file:
        file.write(to_line(up))
        file.truncate()


def _standing(state: Path) -> Up | None:
    """What is told of the stack that stands; None where none does."""
    try:
        with state.open("r+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                event = from_line(file.read())
                return event if isinstance(event, Up) else None
    except (OSError, LearnError, ValueError):
        return None
    return None
