"""On a terminal: the line that moves, colour and its absence, the pager, the question before a reset."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.terminal import learn, on_a_terminal

INK = re.compile(r"\x1b\[\d*m")
ERASED = re.compile(r"\r\x1b\[J[^\r\n]*\r(?=\r\x1b\[J)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace in which the greeting was begun."""
    assert learn(tmp_path, "next").status == 0
    return tmp_path / "wsgi-asgi"


def left_standing(text: str) -> str:
    """What is on the screen in the end: every moving line has been erased by what came after it."""
    return ERASED.sub("", text).replace("\r\x1b[J", "")


def test_the_running_check_is_shown_and_erased(folder: Path) -> None:
    shown = on_a_terminal(folder, "check")
    assert shown.status == 1
    assert "▸ getting ready" in shown.out
    assert "▸ The greeting is written" in shown.out
    assert "▸" not in left_standing(shown.out)


def test_what_is_left_standing_is_what_a_pipe_gets(folder: Path) -> None:
    plain = re.sub(r"\d\.\d s", "0.0 s", learn(folder, "check").out)
    assert re.sub(r"\d\.\d s", "0.0 s", INK.sub("", left_standing(on_a_terminal(folder, "check").out))) == plain


@pytest.mark.parametrize("command", ["check", "progress", "solution"])
def test_no_color_is_honoured(folder: Path, command: str) -> None:
    assert INK.search(on_a_terminal(folder, command).out) or command == "solution"
    assert INK.search(on_a_terminal(folder, command, NO_COLOR="1").out) is None


def test_a_pipe_gets_colour_only_when_it_is_forced(folder: Path) -> None:
    assert INK.search(learn(folder, "check").out) is None
    assert INK.search(learn(folder, "check", FORCE_COLOR="1").out)


def test_a_dumb_terminal_gets_plain_lines(folder: Path) -> None:
    shown = on_a_terminal(folder, "check", TERM="dumb")
    assert "\x1b" not in shown.out
    assert "\r" not in shown.out


@pytest.mark.parametrize("columns", [40, 60, 100])
def test_lines_keep_to_the_terminals_width_and_never_pass_80(folder: Path, columns: int) -> None:
    shown = on_a_terminal(folder, "check", columns=columns)
    lines = INK.sub("", shown.out).replace("\x1b[J", "").replace("\r", "\n").splitlines()
    assert max(len(line) for line in lines) <= min(columns, 80)


def test_the_lesson_goes_through_the_pager(folder: Path) -> None:
    shown = on_a_terminal(folder, "lesson", PAGER="head -n 5")
    assert "A Greeting" in shown.out
    assert "Fact check" not in shown.out


def test_without_the_pager_the_lesson_comes_whole(folder: Path) -> None:
    assert "Fact check" in on_a_terminal(folder, "lesson", PAGER="no-such-pager").out


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 1), ("\n", 1), ("\x04", 1)])
def test_reset_does_what_it_is_told(folder: Path, answer: str, status: int) -> None:
    shown = on_a_terminal(folder, "reset", typed=answer)
    assert shown.status == status
    assert "Put stage_1/greeting/ back" in shown.out
    assert (folder / ".learn" / "backups").exists() == (status == 0)
