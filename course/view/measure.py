"""How wide text is on a terminal, and where it may be broken into lines."""

from __future__ import annotations

from collections.abc import Iterator


def cells(text: str) -> int:
    """The columns that `text` takes: two for a wide character (CJK), none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(_cells_of(character) for character in text)


def wrapped(text: str, columns: int) -> Iterator[tuple[str, int]]:
    """The lines of `text`, none wider than `columns`, each with the place where it begins in `text`.

    Line breaks in the text stay; other breaks come at blanks, or within a word that is wider than a line. Only an
    address (`https://...`) is never broken, however wide.
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
        # A break at the blank before the first word would only make an empty line.
        blank = rest.rfind(" ", len(rest) - len(rest.lstrip()), length + 1)
        if blank <= 0:
            # An address that is broken in two can be neither clicked nor copied.
            word = rest.split(maxsplit=1)[0]
            blank = rest.find(word) + len(word) if "://" in word else length
        length = blank
        yield rest[:length].rstrip(), at
        at += length
        at += len(paragraph[at:]) - len(paragraph[at:].lstrip())
        if at >= len(paragraph):
            return


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
