"""What screens are made of: symbols, two colours and dim, rows with a hanging label and a right-hand column.

Pure: a row and a width make lines of text. screens.py shows them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from course.view.measure import cells, wrapped

PASSED, FAILED, SKIPPED, STALE, CURRENT, OPEN, FULL = "✓✗◌~▸□■"

NARROW_COLUMNS = 60
READING_COLUMNS = 100  # a longer line of prose is hard to read, and a right-hand part too far from what it belongs to
MARGIN = 2

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


class Ink(StrEnum):
    """The two colours, dim and bold, as terminals know them. What they say is also said by a symbol or a word."""

    PLAIN = ""
    GOOD = "32"
    BAD = "31"
    DIM = "2"
    BOLD = "1"


class Piece(NamedTuple):
    """A stretch of text in one ink; `link` is the address it leads to, where the terminal understands one."""

    text: str
    ink: Ink = Ink.PLAIN
    link: str = ""


Text = str | Piece | tuple[str | Piece, ...]


def good(text: str) -> Piece:
    """What passed."""
    return Piece(text, Ink.GOOD)


def bad(text: str) -> Piece:
    """What is wrong."""
    return Piece(text, Ink.BAD)


def dim(text: str) -> Piece:
    """What the eye may skip."""
    return Piece(text, Ink.DIM)


@dataclass(frozen=True, slots=True)
class Row:
    """One thing on the screen: a label with a hanging indent, its text, and what stands to its right.

    `right` is flush right, or begins at column `right_at`; where it finds no room it drops under the text.
    A `whole` text is never folded: a command or a path, which is copied.
    """

    left: Text = ""
    right: Text = ""
    label: Text = ""
    label_columns: int = 0
    indent: int = 0
    right_at: int | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that are drawn already, each to be indented as it stands."""

    text: str
    indent: int = 0
    margin: int = MARGIN


BLANK = Row()
Drawn = Row | Block


def lines(row: Drawn, columns: int, *, colour: bool, links: bool = False) -> list[str]:
    """The row as lines of so many columns, and of no more than one reads with ease.

    Inked when there is colour, with its links where they are understood.
    """
    if isinstance(row, Block):
        margin = " " * (row.margin + row.indent)
        return [(margin + line).rstrip() for line in row.text.split("\n")]
    columns = reading(columns)
    narrow = columns < NARROW_COLUMNS
    indent = MARGIN + narrowed(row.indent, columns)
    label, right = _pieces(row.label), _pieces(row.right)
    label_columns = max(row.label_columns, _cells(label) + 1 if label else 0)
    hang = indent + label_columns
    end = columns - MARGIN
    beside = right and not narrow and row.right_at is None and hang + _cells(right) + 24 <= end
    room = end - hang - (_cells(right) + 2 if beside else 0)
    text = _folded(_pieces(row.left), sys.maxsize if row.whole else room)
    first = [*label, Piece(" " * (label_columns - _cells(label))), *text[0]]
    body = [(indent, first), *((hang, line) for line in text[1:])]
    if right:
        row_at = 0 if beside else len(body) - 1
        start, line = body[row_at]
        gap = _gap(row, start + _cells(line), end, _cells(right))
        if gap is None:
            body += [(hang, line) for line in _folded(right, end - hang)]
        else:
            body[row_at] = (start, [*line, Piece(" " * gap), *right])
    return [_painted([Piece(" " * start), *line], colour=colour, links=links) for start, line in body]


def cut(text: str, columns: int) -> str:
    """The first line of `text`, in at most so many columns."""
    first = next(iter(safe(text).strip().splitlines()), "").rstrip()
    if cells(first) <= columns:
        return first
    while first and cells(first) > columns - 1:
        first = first[:-1]
    return first.rstrip() + "…"


def height(rows: Iterable[Drawn], columns: int) -> int:
    """How many lines they take."""
    return sum(len(lines(row, columns, colour=False)) for row in rows)


def reading(columns: int) -> int:
    """How many of them a line of words takes at most."""
    return min(columns, READING_COLUMNS)


def narrowed(indent: int, columns: int) -> int:
    """An indent on a screen of this width: half of it where columns are few."""
    return indent // 2 if columns < NARROW_COLUMNS else indent


def _gap(row: Row, at: int, end: int, right_columns: int) -> int | None:
    """How many blanks lie between the text that ends at `at` and its right-hand part; None: no room."""
    start = end - right_columns if row.right_at is None else max(MARGIN + row.right_at, at + 2)
    if start < at + 2 or start + right_columns > end:
        return None
    return start - at


def _pieces(text: Text) -> list[Piece]:
    if isinstance(text, Piece) or not isinstance(text, tuple):
        text = (text,)
    pieces = [piece if isinstance(piece, Piece) else Piece(piece) for piece in text]
    return [piece._replace(text=safe(piece.text)) for piece in pieces if piece.text]


def _cells(pieces: Iterable[Piece]) -> int:
    return sum(cells(piece.text) for piece in pieces)


def safe(text: str) -> str:
    """The text without what would move the cursor or ring the bell: a finding may quote what a server printed."""
    if text.isprintable():
        return text
    text = ESCAPES.sub("", text).expandtabs(4)
    return "".join(character if character.isprintable() or character == "\n" else "�" for character in text)


def _folded(pieces: list[Piece], columns: int) -> list[list[Piece]]:
    """The pieces in lines of at most so many columns; each keeps its ink and link. Always at least one line."""
    looks = [piece._replace(text="") for piece in pieces for _ in piece.text]
    folded = []
    for line, start in wrapped("".join(piece.text for piece in pieces), columns):
        parts: list[Piece] = []
        for at, character in enumerate(line, start):
            if parts and parts[-1]._replace(text="") == looks[at]:
                parts[-1] = looks[at]._replace(text=parts[-1].text + character)
            else:
                parts.append(looks[at]._replace(text=character))
        folded.append(parts)
    return folded or [[]]


def _painted(pieces: Iterable[Piece], *, colour: bool, links: bool) -> str:
    painted = ""
    for piece in pieces:
        text = f"\x1b[{piece.ink}m{piece.text}\x1b[0m" if colour and piece.ink else piece.text
        painted += f"\x1b]8;;{piece.link}\x1b\\{text}\x1b]8;;\x1b\\" if links and piece.link else text
    return painted.rstrip()
