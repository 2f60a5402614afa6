"""Markdown on the screen: drawn by rich where there is colour, else as it is written. Imports rich when used.

Without colour rich would drop what tells code from words; the source loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from course.view.rows import Block, Drawn, Row
from course.view.screens import Screen, rendered

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult


def draw(text: str, screen: Screen) -> Iterator[Drawn]:
    """The text in the screen's width."""
    if screen.colour:
        yield _drawn(text, screen)
        return
    in_code = False
    prose: list[str] = []
    for line in text.splitlines():
        in_code ^= line.lstrip().startswith("```")
        # Code and tables stand as they are: a fold would change what they say.
        is_fixed = in_code or line.lstrip().startswith("```") or line.startswith(("|", "    "))
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


def _drawn(text: str, screen: Screen) -> Block:
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

    return rendered(Lesson(text, code_theme="ansi_dark", inline_code_theme="ansi_dark", hyperlinks=False), screen)
