"""The hints for the last diagnosis: those seen before are dim, the new one is not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from course.learner.asking import Hint
from course.view.progress import typed
from course.view.rows import BLANK, FAILED, Ink, Piece, Row, bad, dim

_BOLD = re.compile(r"\*\*(.+?)\*\*")


def draw(hint: Hint, *, colour: bool) -> Iterator[Row]:
    """The failed check, the hints up to the new one, and what to type now. Without colour, nouns keep asterisks."""
    yield Row(hint.failed_sentence, label=bad(FAILED), label_columns=2)
    yield BLANK
    for at, text in enumerate(hint.hints[: hint.shown], start=1):
        is_new = at == hint.shown and not hint.is_repeated
        words = _inked(text, Ink.PLAIN if is_new else Ink.DIM) if colour else text
        yield Row(words, label=dim(f"{at} of {len(hint.hints)}"), label_columns=8)
        yield BLANK
    if hint.is_repeated:
        yield Row("These are all the hints. The lesson has the idea: `learn lesson`.")
        yield BLANK
    left = len(hint.hints) - hint.shown
    further = ("learn hint", f"{left} more") if left else ("learn solution", "a way that works, and why it does")
    yield from typed([("learn check", "grade it again"), further])


def _inked(text: str, ink: Ink) -> tuple[Piece, ...]:
    """The hint, with its noun to look up in bold."""
    parts = _BOLD.split(text)
    return tuple(Piece(part, Ink.BOLD if number % 2 else ink) for number, part in enumerate(parts))
