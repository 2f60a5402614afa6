"""How wide text is on a terminal, and where it may be broken into lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

# An address, and a traceback's place: broken in two, they can be neither clicked nor copied.
_UNBROKEN = re.compile(r'\S*://\S+|File "[^"]*", line \d+,?')


def cells(text: str) -> int:
    """The columns that `text` takes: two for a wide character (CJK), none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(_cells_of(character) for character in text)


def wrapped(text: str, columns: int) -> Iterator[tuple[str, int]]:
    """The lines of `text`, none wider than `columns`, each with the place where it begins in `text`.

    Line breaks in the text stay; other breaks come at blanks, or within a word that is wider than a line. Only an
    address (`https://...`) and a traceback's `File "...", line 3` are never broken, however wide.
    """
    columns = max(columns, 8)
    start = 0
    for paragraph in text.split("\n"):
        for line, at in _broken(paragraph, columns):
            yield line, start + at
        start += len(paragraph) + 1


def _broken(paragraph: str, columns: int) -> Iterator[tuple[str, int]]:
    at = 0
    while True:
        rest = paragraph[at:]
        length = _fitting(rest, columns)
        if length == len(rest):
            yield rest.rstrip(), at
            return
        length = _break_in(rest, length)
        yield rest[:length].rstrip(), at
        at += length
        at += len(paragraph[at:]) - len(paragraph[at:].lstrip())
        if at >= len(paragraph):
            return


def _break_in(text: str, fitting: int) -> int:
    """How many characters come before the break; so many would fit."""
    # A break at the blank before the first word would only make an empty line.
    begins = len(text) - len(text.lstrip())
    blank = text.rfind(" ", begins, fitting + 1)
    for whole in _UNBROKEN.finditer(text):
        if whole.start() <= (blank if blank > 0 else fitting) < whole.end():
            before = text.rfind(" ", begins, whole.start())
            return before if before > 0 else whole.end()
    return blank if blank > 0 else fitting


def _fitting(text: str, columns: int) -> int:
    """How many characters of `text` fit."""
    width = 0
    for count, character in enumerate(text):
        width += _cells_of(character)
        if width > columns:
            return max(count, 1)
    return len(text)


def _cells_of(character: str) -> int:
    if character < "\u0300":
        return 1
    import unicodedata

    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
