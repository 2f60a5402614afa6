"""What is longer than the screen, page by page: through the learner's pager on a terminal, at once elsewhere.

PAGER names another one than less, and LESS its options. Leaving it before the end is no error.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace

from course.view.rows import Drawn
from course.view.screens import Screen

# As git has it. -R: colours as colours; -F: what fits needs no key to leave; -X: the text stays on the screen.
LESS = "-FRX"


def show(rows: Iterable[Drawn], screen: Screen, *, is_wanted: bool = True) -> bool:
    """Show the rows; in the pager when somebody watches, wants one, has one, and cannot see all at once.

    Returns whether it was in the pager.
    """
    if not is_wanted or not screen.live:
        screen.show(rows)
        return False
    import io

    drawn = io.StringIO()
    replace(screen, stream=drawn).show(rows)
    text = drawn.getvalue()
    command = _command() if _height(text, screen.columns) >= screen.rows else []
    if command:
        _page(text, command)
    else:
        screen.stream.write(text)
        screen.stream.flush()
    return bool(command)


def _height(text: str, columns: int) -> int:
    """How many rows of the terminal the text takes, which breaks lines that are wider."""
    import re

    from course.view.measure import cells

    lines = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
    return sum(max(1, -(-cells(line) // columns)) for line in lines)


def _command() -> list[str]:
    """The pager's command line; none where it is not installed, or could not erase its prompt."""
    import shlex
    import shutil
    from pathlib import PurePath

    wanted = shlex.split(os.environ.get("PAGER") or "less")
    if not wanted or not shutil.which(wanted[0]) or not _is_erasable():
        return []
    # Also with a LESS of the learner's that has no -R: else each colour is four strange characters.
    return [*wanted, "-R"] if PurePath(wanted[0]).name == "less" else wanted


def _is_erasable() -> bool:
    """Whether the terminal is known to erase a line: on another one less asks first, and leaves its ":" behind."""
    import curses

    try:
        curses.setupterm(fd=1)
    except curses.error:  # no such terminal, or none named
        return False
    return curses.tigetstr("el") is not None


def _page(text: str, command: list[str]) -> None:
    import signal
    import subprocess

    # Ctrl-C in the pager is the pager's: it ends a search, and we would leave it behind on the terminal.
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        # A pager that is left early does not read to the end, and `input` bears with that.
        subprocess.run(
            command, input=text, encoding="utf-8", errors="replace", env={"LESS": LESS, **os.environ}, check=False
        )
    finally:
        signal.signal(signal.SIGINT, before)
