"""The words between the tour's steps. What the steps themselves show is what the commands show."""

from __future__ import annotations

from collections.abc import Iterator

from course.model import Exercise
from course.view.rows import BLANK, Row, dim

STEPS = 4


def begin(exercise: Exercise) -> Iterator[Row]:
    """Before anything is made."""
    yield Row("The main job once through, in a throw-away folder. It takes about a minute.")
    yield from _step(1, "learn next", "a Django project with work left to do")
    yield Row(exercise.goal, label=dim("Goal"), label_columns=7)


def fail() -> Iterator[Row]:
    """Before the untouched scaffold is graded."""
    yield from _step(2, "learn check", "real servers, real requests, on the untouched project")


def mend(exercise: Exercise) -> Iterator[Row]:
    """Before the reference is graded."""
    yield from _step(3, "learn check", "again, after the work is done: here by the reference")
    yield Row(", ".join(exercise.your_work), label=dim("Edited"), label_columns=9)
    yield BLANK


def progress() -> Iterator[Row]:
    """Before the roadmap."""
    yield from _step(4, "learn progress", "the box is ticked")


def onward() -> Iterator[Row]:
    """At the end."""
    yield BLANK
    yield Row("All of it works on this machine. The throw-away folder is gone.")
    yield BLANK
    yield Row(
        "learn next",
        label=dim("Type"),
        label_columns=7,
        right=dim("your own folder, and the first exercise"),
        right_at=23,
    )


def _step(number: int, command: str, what: str) -> Iterator[Row]:
    yield BLANK
    yield Row((command, dim(f"   {what}")), label=dim(f"{number} of {STEPS}"), label_columns=9)
    yield BLANK
