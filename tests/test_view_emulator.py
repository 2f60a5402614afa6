"""What is left on a terminal's own screen, as an emulator has it: the failure in sight, and no ghosts."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import select
import struct
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyte
import pytest

from course.content import catalogue
from course.view.check import Follow
from course.view.running import Running
from course.view.screens import Screen, screen_on
from tests.replay import COURSE, NAMES, play, recorded

DEADLINE_S = 30
SENTENCE = "A visitor who leaves takes their five supplier calls along, and so on"
PROMPT = "$ "


class Terminal:
    """A pseudo-terminal whose other end is an emulated screen."""

    def __init__(self, columns: int, rows: int) -> None:
        self.emulated = pyte.Screen(columns, rows)
        self._feed = pyte.ByteStream(self.emulated)
        self._ours, theirs = pty.openpty()
        self.resize(columns, rows)
        self.file = os.fdopen(theirs, "w", encoding="utf-8")

    def resize(self, columns: int, rows: int) -> None:
        """Change its size, as a window that is dragged does."""
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.emulated.resize(rows, columns)

    @property
    def lines(self) -> list[str]:
        """What is on the screen, without the blanks on the right."""
        while select.select([self._ours], [], [], 0)[0]:
            self._feed.feed(os.read(self._ours, 65_536))
        return [line.rstrip() for line in self.emulated.display]

    def wait(self, shows: Callable[[list[str]], bool]) -> list[str]:
        """The screen, once it shows that."""
        for _ in range(DEADLINE_S * 10):
            if shows(lines := self.lines):
                return lines
            select.select([self._ours], [], [], 0.1)
        raise AssertionError("\n".join(self.lines))

    def close(self) -> None:
        """Hang up."""
        self.file.close()
        os.close(self._ours)


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch, columns: int = 80, rows: int = 24) -> Iterator[Terminal]:
    """A terminal as any is, whatever the one of the tests is called."""
    monkeypatch.setenv("TERM", "xterm")
    for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_HYPERLINK"):
        monkeypatch.delenv(name, raising=False)
    one = Terminal(columns, rows)
    try:
        yield one
    finally:
        one.close()


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (40, 20)])
@pytest.mark.parametrize("name", NAMES)
def test_the_first_failure_of_an_untouched_scaffold_is_in_sight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, columns: int, rows: int
) -> None:
    run = recorded(name)
    exercise = catalogue.find(COURSE, run.exercise)
    (tmp_path / exercise.path).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / exercise.path)
    emulated = pyte.Screen(columns, rows)
    text = io.StringIO()
    play(run, Follow(Screen(text, columns, colour=True, rows=rows, links=True), tmp_path))
    pyte.Stream(emulated).feed(text.getvalue().replace("\n", "\r\n") + PROMPT)
    assert run.first_failure is not None
    shown = " ".join(" ".join(emulated.display).split())
    assert f"✗ {run.first_failure.sentence} wanted" in shown
    assert "Not yet: " in shown
    finding = run.first_failure.finding
    assert finding is not None
    if finding.where is not None:
        assert f"{finding.where.file}:{finding.where.line}" in "".join(emulated.display).replace(" ", "")


def test_a_terminal_that_is_made_narrower_keeps_no_ghosts_of_the_moving_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch) as one:
        running = Running(screen_on(one.file))
        one.file.write("  The title\n")
        running.show(SENTENCE)
        one.wait(lambda lines: lines[1].startswith("  ▸ A visitor who leaves takes their five supplier"))
        one.resize(40, 24)
        # It moves on: drawn at 40 columns, and again, for the second that it counts.
        lines = one.wait(lambda lines: len(lines[1]) <= 40 and lines[1].endswith("1 s"))
        assert [line for line in lines if line] == [lines[0], lines[1]]
        assert one.emulated.cursor.x == 0  # where it stays when a terminal breaks long lines anew
        running.clear()
        assert [line for line in one.lines if line] == ["  The title"]


def test_nor_does_one_that_breaks_long_lines_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch) as one:
        running = Running(screen_on(one.file))
        one.file.write("  The title\n")
        running.show(SENTENCE)
        title, moving, *_ = one.wait(lambda lines: lines[1].startswith("  ▸ A visitor"))
        one.resize(40, 24)
        # What such a terminal makes of it: two lines, and the cursor stays at the character at which it was.
        one.emulated.reset()
        pyte.Stream(one.emulated).feed(f"{title}\r\n{moving}\x1b[2;1H")
        assert "supplier" in one.emulated.display[2] or "calls" in one.emulated.display[2]
        running.clear()
        assert [line for line in one.lines if line] == ["  The title"]


def test_a_run_on_a_terminal_that_is_made_narrower_leaves_its_own_lines_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    run = recorded("groups")
    first = replace(run, results=run.results[:1])
    with terminal(monkeypatch) as one:
        follow = Follow(screen_on(one.file))
        play(first, follow)
        one.wait(lambda lines: any("Not yet" in line for line in lines))
        one.resize(40, 24)
        one.emulated.reset()
        play(run, follow)
        lines = one.wait(lambda lines: any("Not yet" in line for line in lines))
        assert not any("▸" in line for line in lines)
        assert "  ✗ A message reaches the room's" in lines
