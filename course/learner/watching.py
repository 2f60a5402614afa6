"""Grades an exercise at each save, and tells what comes of it. Draws nothing, reads no key.

A save is an edit that changes the hash of the work: an editor's lock files, a file written anew as it was, and the
app's database are none. Two threads work here, one that watches the folder and one that grades.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from course.errors import CourseBug, LearnError
from course.grading.forge import Forge
from course.grading.stopping import Stop, Stopped
from course.learner import attempt, changes, situation, workspace
from course.learner.attempt import Attempt, Workshop
from course.learner.situation import Situation
from course.model import CheckEvent, Exercise

# An edit during a run, or so soon after it, may be the app's own: a log that it keeps. So many of them, one after the
# other, begin a run anew; those that follow do not, else it would never come to an end.
SOON_S = 0.5
MOST_RESTARTS = 8


@dataclass(frozen=True, slots=True)
class Began:
    """A run begins, on these servers."""

    exercise: Exercise
    servers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Restarting:
    """The run that goes on is ended, and another one is to begin."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A run has come to a verdict."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Outdated:
    """Files have changed once more, and that begins no run."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A run could not be made, or broke off."""

    error: Exception


News = Began | CheckEvent | Restarting | Ended | Outdated | Refused


class Watching:
    """An exercise that is graded when this is entered, and at each save until it is left. Leaving it ends all."""

    def __init__(self, here: Situation, exercise: Exercise, tell: Callable[[News], None]) -> None:
        """`tell` is called from other threads than this one. Raises UsageError while the exercise is not made."""
        self._here, self._exercise, self._tell = here, exercise, tell
        self._folder = situation.project_of(here, exercise)
        self._forge = Forge(keeps_reserve=True)
        self._lock = threading.Lock()
        self._stop = Stop()
        self._orders = queue.Queue[Stop | None]()
        self._restarts = 0
        self._ended_at = 0.0
        self._closed = threading.Event()
        self._threads = [
            threading.Thread(target=self._grade_on_demand, name="grading", daemon=True),
            threading.Thread(target=self._watch, name="watching", daemon=True),
        ]

    def __enter__(self) -> Self:
        self.again()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._stop.set()
        self._orders.put(None)
        try:
            for thread in self._threads:
                thread.join()
        finally:
            self._forge.close()

    def again(self) -> None:
        """Grade what is there now: what failed last first. A run that goes on is ended."""
        with self._lock:
            if self._orders.unfinished_tasks:
                self._tell(Restarting())
            self._stop.set()
            self._stop = Stop()
            self._orders.put(self._stop)

    def pause(self) -> None:
        """End the run that goes on, and wait until nothing of it is left."""
        with self._lock:
            self._stop.set()
        self._orders.join()

    # --- attempt.Listener ---

    @contextmanager
    def begin(self, exercise: Exercise, servers: Sequence[str]) -> Iterator[None]:
        """Tell that a run begins."""
        self._tell(Began(exercise, servers))
        yield

    def __call__(self, event: CheckEvent) -> None:
        """Tell the event."""
        self._tell(event)

    # --- the thread that grades ---

    def _grade_on_demand(self) -> None:
        while (stop := self._orders.get()) is not None:
            if not stop.is_set:
                self._grade(stop)
            self._ended_at = time.monotonic()
            self._orders.task_done()

    def _grade(self, stop: Stop) -> None:
        try:
            here = situation.of(self._here.workspace, self._here.places)
            workshop = Workshop(self._forge, stop)
            for done in attempt.runs(here, self._exercise, self, first_failed=True, workshop=workshop):
                self._tell(Ended(done))
        except Stopped:
            return
        except LearnError as error:
            if isinstance(error, CourseBug):  # the forge may have died
                self._forge.close()
                self._forge = Forge(keeps_reserve=True)
            if not stop.is_set:
                self._tell(Refused(error))
        except Exception as error:  # noqa: BLE001  # told, and raised where it can reach the door
            self._tell(Refused(error))

    # --- the thread that watches ---

    def _watch(self) -> None:
        try:
            seen = workspace.work_hash(self._here.workspace, self._exercise.path)
            for _ in changes.of(self._folder.resolve(), self._closed):
                now = workspace.work_hash(self._here.workspace, self._exercise.path)
                if now != seen:
                    seen = now
                    self._saved()
        except Exception as error:  # noqa: BLE001  # as above
            self._tell(Refused(error))

    def _saved(self) -> None:
        is_soon = self._orders.unfinished_tasks or time.monotonic() - self._ended_at < SOON_S
        self._restarts = self._restarts + 1 if is_soon else 0
        if self._restarts > MOST_RESTARTS:
            self._tell(Outdated())
        else:
            self.again()
