"""Markdown on the screen: drawn by rich where there is colour, else as it is written.

Without colour rich would drop what tells code from words; the source loses nothing. With and without, code is never
folded, and a table that is wider than the screen becomes a list. Imports rich and markdown-it when used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, ClassVar

from course.view.measure import cells
from course.view.rows import BLANK, ESCAPES, MARGIN, READING_COLUMNS, Block, Drawn, Row
from course.view.screens import Screen, rendered

if TYPE_CHECKING:
    from markdown_it.token import Token
    from rich.console import Console, ConsoleOptions, RenderResult

CODE_INDENT = 2
WIDEST_COLUMNS = 1000  # room for a table to tell how wide it would be


class _Kind(Enum):
    PROSE = auto()
    CODE = auto()
    TABLE = auto()


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of a text as it is written; also the code in it, or a table's cells, the header's first."""

    kind: _Kind
    source: str
    code: str = ""
    language: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


def draw(text: str, screen: Screen) -> Iterator[Drawn]:
    """The text in the screen's width; prose in no more than one reads with ease."""
    for at, part in enumerate(_parts(text)):
        if at:
            yield BLANK
        match part.kind:
            case _Kind.PROSE:
                yield from _prose(part.source, screen)
            case _Kind.CODE:
                yield code(part.code, part.language, screen) if screen.colour else Block(part.source)
            case _Kind.TABLE:
                yield from _table(part, screen)


def code(text: str, language: str, screen: Screen) -> Block:
    """Code in its inks, each line whole: it is copied, and a fold would change what it says."""
    if not screen.colour:
        return Block(text, CODE_INDENT)
    from rich.syntax import Syntax

    from course.view.inks import SOURCE

    text = text.expandtabs(4)
    width = max((cells(line) for line in text.splitlines()), default=0)
    syntax = Syntax(text, language or "text", theme=SOURCE)
    return rendered(syntax, screen, CODE_INDENT, columns=max(width, 1))


def _parts(text: str) -> Iterator[_Part]:
    """The text in its order, without the blank lines between its parts."""
    from markdown_it import MarkdownIt

    lines = text.splitlines()
    tokens = MarkdownIt().enable("table").parse(text)
    begun = 0
    for at, token in enumerate(tokens):
        # Also those in a list, which is cut in two by them: rich would fold them there.
        if token.map is None or token.type not in {"fence", "code_block", "table_open"}:
            continue
        start, end = token.map
        yield from _prose_in(lines[begun:start])
        written = "\n".join(lines[start:end]).rstrip()
        if token.type == "table_open":
            yield _Part(_Kind.TABLE, written, rows=tuple(_rows(tokens[at:])))
        else:
            yield _Part(_Kind.CODE, written, token.content.rstrip("\n"), token.info.split(" ")[0])
        begun = end
    yield from _prose_in(lines[begun:])


def _prose_in(lines: Sequence[str]) -> Iterator[_Part]:
    text = "\n".join(lines).strip("\n")
    if text:
        yield _Part(_Kind.PROSE, text)


def _rows(tokens: Sequence[Token]) -> Iterator[tuple[str, ...]]:
    """The cells of the table that these tokens begin with, in Markdown."""
    row: list[str] = []
    for token in tokens:
        match token.type:
            case "tr_open":
                row = []
            case "inline":
                row.append(token.content)
            case "tr_close":
                yield tuple(row)
            case "table_close":
                return


def _table(table: _Part, screen: Screen) -> Iterator[Drawn]:
    """The table where it fits; else a list, of a label and a value for each of its cells."""
    drawn = _rich(table.source, screen, columns=WIDEST_COLUMNS) if screen.colour else Block(table.source)
    if max(cells(line) for line in _plain(drawn.text).split("\n")) <= screen.columns - 2 * MARGIN:
        yield drawn
        return
    header, *rows = table.rows
    for at, row in enumerate(rows):
        if at:
            yield BLANK
        named = [f"{name}: {cell}" if name else cell for name, cell in zip(header, row, strict=False) if cell]
        if screen.colour:
            yield _rich("- " + "  \n  ".join(named), screen)
            continue
        for place, text in enumerate(named):
            yield Row(text, label="-" if place == 0 else "", label_columns=2)


def _plain(text: str) -> str:
    """Without the inks, and the blanks that only they have kept at a line's end."""
    return "\n".join(line.rstrip() for line in ESCAPES.sub("", text).split("\n"))


def _prose(text: str, screen: Screen) -> Iterator[Drawn]:
    if screen.colour:
        yield _rich(text, screen)
        return
    in_code = False
    prose: list[str] = []
    for line in text.splitlines():
        in_code ^= line.lstrip().startswith("```")
        is_fixed = in_code or line.lstrip().startswith("```")
        begins_anew = is_fixed or not line.strip() or line.startswith("#") or _entry(line) is not None
        if begins_anew and prose:
            yield _folding(prose)
            prose = []
        if is_fixed or not line.strip():
            yield Block(line)
        else:
            prose.append(line)
        if line.startswith("#"):
            yield Row(prose.pop())
    if prose:
        yield _folding(prose)


def _folding(prose: list[str]) -> Row:
    """A paragraph, its lines joined; what is folded of a list's entry hangs under its text."""
    indent = len(prose[0]) - len(prose[0].lstrip())
    words = " ".join(line.strip() for line in prose)
    mark = _entry(words)
    if mark is None:
        return Row(words, indent=indent)
    return Row(words.removeprefix(mark).lstrip(), label=mark, label_columns=len(mark) + 1, indent=indent)


def _entry(line: str) -> str | None:
    """The mark that opens an entry of a list."""
    mark = line.split(maxsplit=1)[0] if line.strip() else ""
    return mark if mark in ("-", "*") or (mark.endswith(".") and mark[:-1].isdigit()) else None


def _rich(text: str, screen: Screen, *, columns: int = READING_COLUMNS - 2 * MARGIN) -> Block:
    from rich.markdown import Heading, Markdown
    from rich.text import Text

    class PlainHeading(Heading):
        """A heading at the left, where the eye begins."""

        def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
            self.text.justify = "left"
            yield Text("")
            yield self.text

    class Lesson(Markdown):
        """Markdown with such headings."""

        elements: ClassVar = {**Markdown.elements, "heading_open": PlainHeading}

    if columns < WIDEST_COLUMNS:
        columns = min(columns, screen.columns - 2 * MARGIN)
    drawn = rendered(Lesson(text, hyperlinks=False), screen, columns=columns)
    return Block(drawn.text.lstrip("\n"))
