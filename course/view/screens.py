"""The screen itself: how wide it is, whether it takes colour, whether somebody watches. Decides nothing.

Written without rich, whose import alone takes 60 of the 150 ms that `learn progress` may take. What needs rich
(Markdown, source code, timelines) is drawn by it into a Block, and imports it there.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TextIO

from course.errors import UsageError
from course.view import links
from course.view.rows import MARGIN, Block, Drawn, lines, narrowed

if TYPE_CHECKING:
    from rich.console import RenderableType

WIDTH_COLUMNS = 80  # where nobody tells
HEIGHT_ROWS = 24
NARROWEST_COLUMNS = 30


@dataclass(frozen=True, slots=True)
class Screen:
    """Where rows are shown: how large it is, what it understands, whether somebody watches it live."""

    stream: TextIO
    columns: int = WIDTH_COLUMNS
    colour: bool = False
    live: bool = False
    rows: int = HEIGHT_ROWS
    links: bool = False

    def show(self, rows: Iterable[Drawn]) -> None:
        """Write the rows, each as it comes."""
        for row in rows:
            drawn = lines(row, self.columns, colour=self.colour, links=self.links)
            self.stream.write("".join(f"{line}\n" for line in drawn))
            self.stream.flush()

    def as_it_is_now(self) -> Screen:
        """The same screen, measured again: whoever watches may have changed the size of the terminal."""
        if not self.live:
            return self
        columns, rows = _size(self.stream, live=True)
        return replace(self, columns=columns, rows=rows)


def screen_on(stream: TextIO) -> Screen:
    """The screen that a stream leads to. NO_COLOR, FORCE_COLOR, FORCE_HYPERLINK, COLUMNS and TERM=dumb are honoured."""
    live = stream.isatty() and os.environ.get("TERM") != "dumb"
    colour = not os.environ.get("NO_COLOR") and (live or bool(os.environ.get("FORCE_COLOR")))
    columns, rows = _size(stream, live=live)
    return Screen(stream, columns, colour, live, rows, links.are_understood(os.environ, live=live))


def _size(stream: TextIO, *, live: bool) -> tuple[int, int]:
    """Columns and rows."""
    columns, rows = shutil.get_terminal_size((WIDTH_COLUMNS, HEIGHT_ROWS))
    if live and not os.environ.get("COLUMNS"):
        with suppress(OSError, ValueError):  # a stream without a descriptor is a test's
            size = os.get_terminal_size(stream.fileno())
            columns, rows = size.columns or columns, size.lines or rows
    return max(columns, NARROWEST_COLUMNS), rows


def stdout() -> Screen:
    """The screen of standard output, where all that was asked for goes."""
    return screen_on(sys.stdout)


def stderr() -> Screen:
    """The screen of standard error, for what must not mix with a command's output."""
    return screen_on(sys.stderr)


def agreed(question: str) -> bool:
    """Ask on the terminal. Raises UsageError where nobody can answer."""
    if not sys.stdin.isatty():
        raise UsageError("nobody is here to answer.", "`--yes` after the command agrees beforehand.")
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        return False


def rendered(renderable: RenderableType, screen: Screen, indent: int = 0, columns: int | None = None) -> Block:
    """What rich draws, as a block of so many columns; without, it fits the screen beside this indent. Imports rich."""
    import io

    from rich.console import Console

    from course.view.inks import MARKDOWN

    indent = narrowed(indent, screen.columns)
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        width=columns or screen.columns - 2 * MARGIN - indent,
        force_terminal=screen.colour,
        no_color=not screen.colour,
        color_system="standard" if screen.colour else None,
        theme=MARKDOWN,
        emoji=False,
        highlight=False,
    )
    console.print(renderable)
    return Block(buffer.getvalue().rstrip("\n"), indent)
