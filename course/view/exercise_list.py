"""The exercises with their state, on a terminal: typing part of a title narrows the list, Enter picks."""

from __future__ import annotations

from collections.abc import Iterator

from course.learner.progress import Progress
from course.model import Course, Exercise
from course.view.keyboard import DOWN, RUBOUT, UP
from course.view.progress import NOTES_AT, Boxes, standing
from course.view.rows import BLANK, CURRENT, Piece, Row, dim
from course.view.screens import Screen

OTHER_ROWS = 8  # beside the exercises: what is typed, the line at the bottom, and room for a title that is folded


class ExerciseList:
    """The list, of which one is marked. `press` changes it, `rows` draws it."""

    def __init__(self, course: Course, progress: Progress, boxes: Boxes, at: Exercise) -> None:
        self._progress, self._boxes, self._at = progress, boxes, at
        self._all = [exercise for exercise in course.exercises if exercise.written]
        self._typed = ""
        self._marked = self._all.index(at) if at in self._all else 0

    @property
    def picked(self) -> Exercise | None:
        """The one that is marked; None where nothing fits what was typed."""
        found = self._found()
        return found[self._marked] if found else None

    def press(self, key: str) -> None:
        """Move the mark, or change what is typed."""
        if key in (UP, DOWN):
            self._marked += 1 if key == DOWN else -1
        elif key == RUBOUT:
            self._typed = self._typed[:-1]
        elif len(key) == 1 and key.isprintable():
            self._typed += key
            self._marked = 0
        self._marked = min(max(self._marked, 0), max(len(self._found()) - 1, 0))

    def rows(self, screen: Screen) -> Iterator[Row]:
        """The exercises that fit, as many as there is room for around the marked one."""
        found = self._found()
        room = max(screen.rows - OTHER_ROWS, 1)
        first = min(max(self._marked - room // 2, 0), max(len(found) - room, 0))
        yield Row(self._typed or dim("type part of a name"), label=dim("Find"), label_columns=6)
        yield BLANK
        for place, exercise in enumerate(found[first : first + room], first):
            symbol, note = standing(exercise, self._progress, self._boxes, is_current=exercise == self._at)
            label = (Piece(CURRENT if place == self._marked else " "), " ", symbol)
            yield Row(exercise.title, label=label, label_columns=4, right=dim(note), right_at=NOTES_AT)
        if not found:
            yield Row(dim("no exercise fits"), label_columns=4)

    def _found(self) -> list[Exercise]:
        words = self._typed.casefold().split()
        return [one for one in self._all if all(word in f"{one.title} {one.path}".casefold() for word in words)]
