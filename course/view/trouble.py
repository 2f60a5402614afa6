"""An error that is not the learner's exercise: what is wrong, and below it what to type."""

from __future__ import annotations

from collections.abc import Iterator

from course.view.rows import Row


def draw(wrong: str, remedy: str = "") -> Iterator[Row]:
    """`learn: ` and the sentence; the remedy's lines stand under the sentence."""
    yield Row(wrong, label="learn:", label_columns=7)
    if remedy:
        yield Row(remedy, label_columns=7)
