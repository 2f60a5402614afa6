"""The reference beside the learner's work: a diff for each file, and why it is so. Imports rich when used."""

from __future__ import annotations

from collections.abc import Iterator

from course.learner.asking import Comparison
from course.model import Exercise
from course.view import markdown
from course.view.rows import BLANK, Drawn, Row, dim
from course.view.screens import Screen


def draw(comparison: Comparison, screen: Screen) -> Iterator[Drawn]:
    """Each file's diff from the learner's to the reference's, or the reference's whole; then its own words."""
    yield Row(comparison.exercise.title, right=dim("- yours   + the reference"))
    for file in comparison.files:
        yield BLANK
        note = file.note or ("" if file.diff else "as yours")
        yield Row(file.path, right=dim(note))
        if file.diff:
            yield markdown.code("\n".join(file.diff), "diff", screen)
        elif file.whole:
            yield markdown.code(file.whole.rstrip("\n"), file.language, screen)
    if comparison.why:
        yield BLANK
        yield from markdown.draw(comparison.why, screen)


def ask_again(exercise: Exercise, hints_left: int) -> Iterator[Row]:
    """What the first asking gets, while the exercise has not passed."""
    yield Row(f"{exercise.title} has not passed yet, and your own way to it is worth more than ours.")
    if hints_left:
        yield Row(f"There {'is a hint' if hints_left == 1 else f'are {hints_left} hints'} left: `learn hint`.")
    yield Row("To see the reference now, type `learn solution` once more.")
