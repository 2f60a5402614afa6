"""On a terminal: the line that moves, colour and its absence, the pager, the question before a reset."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.terminal import do_the_work, learn, on_a_terminal

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
def test_lines_keep_to_the_terminals_width(folder: Path, columns: int) -> None:
    shown = on_a_terminal(folder, "check", columns=columns)
    lines = INK.sub("", shown.out).replace("\x1b[J", "").replace("\r", "\n").splitlines()
    assert max(len(line) for line in lines) <= columns


def test_a_wide_terminal_is_used_as_far_as_one_reads_with_ease(folder: Path) -> None:
    lines = INK.sub("", on_a_terminal(folder, "lesson", columns=200, height=200).out).splitlines()
    assert 80 < max(len(line.rstrip()) for line in lines) <= 100


# --- the pager ---

TO_PAGE = ["lesson", "show", "solution", "progress"]


@pytest.fixture
def passed(folder: Path) -> Path:
    """A workspace in which the greeting has passed."""
    do_the_work(folder)
    assert learn(folder, "check").status == 0
    return folder


def numbering(folder: Path) -> str:
    """A pager that stands out: it numbers the lines, and says which options it was given for less."""
    script = folder.parent / "number it"
    script.write_text('#!/bin/sh\necho "paged: $LESS"\nexec cat -n\n')
    script.chmod(0o755)
    return f"'{script}'"


@pytest.mark.parametrize("name", TO_PAGE)
def test_what_is_longer_than_the_screen_goes_through_the_pager(passed: Path, name: str) -> None:
    pager = numbering(passed)
    shown = on_a_terminal(passed, name, height=5, PAGER=pager)
    assert shown.status == 0
    assert "paged: -FRX" in shown.out
    assert INK.search(shown.out)
    assert "paged: -S" in on_a_terminal(passed, name, height=5, PAGER=pager, LESS="-S").out
    for others in (
        on_a_terminal(passed, name, height=500, PAGER=pager),
        on_a_terminal(passed, name, "--no-pager", height=5, PAGER=pager),
        on_a_terminal(passed, name, height=5, PAGER="no-such-pager"),
        learn(passed, name, PAGER=pager),
    ):
        assert "paged" not in others.out
        assert others.out.count("\n") > 4


def test_programs_get_no_pager(passed: Path) -> None:
    assert "paged" not in on_a_terminal(passed, "progress", "--json", height=5, PAGER=numbering(passed)).out


@pytest.mark.parametrize("pager", ["head -n 2", "true", "false"])
def test_leaving_the_pager_early_is_no_error(passed: Path, pager: str) -> None:
    shown = on_a_terminal(passed, "lesson", height=5, PAGER=pager)
    assert shown.status == 0
    assert "Fact check" not in shown.out
    assert "learn:" not in shown.out


@pytest.mark.skipif(shutil.which("less") is None, reason="less is not installed")
@pytest.mark.parametrize("options", ["-X", ""])
def test_less_shows_colours_and_ends_with_q(passed: Path, options: str) -> None:
    shown = on_a_terminal(passed, "lesson", height=8, typed=" q", LESS=options)
    assert shown.status == 0
    assert "Why you care" in shown.out
    assert "ESC[" not in shown.out


@pytest.mark.skipif(shutil.which("less") is None, reason="less is not installed")
@pytest.mark.parametrize("terminal", ["xterm", "unknown", "no-such-terminal", ""])
def test_less_leaves_no_prompt_behind(passed: Path, terminal: str) -> None:
    """A terminal that cannot erase a line gets all at once, as one without a pager does."""
    shown = on_a_terminal(passed, "progress", height=5, typed="  q", TERM=terminal)
    assert shown.status == 0
    assert "fully functional" not in shown.out
    prompts = re.sub(r"[^\n\r]*\x1b\[K", "", INK.sub("", shown.out)).replace("\x1b[m", "")
    assert not any(line.strip().startswith((":", "(END)")) for line in re.split(r"[\r\n]", prompts))


def test_an_interrupt_in_the_pager_is_the_pagers(passed: Path) -> None:
    script = passed.parent / "interrupting"
    script.write_text('#!/bin/sh\ncat > /dev/null\nkill -INT "$PPID"\necho went on\n')
    script.chmod(0o755)
    shown = on_a_terminal(passed, "lesson", height=8, PAGER=f"'{script}'")
    assert (shown.status, shown.out) == (0, "went on\n")


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 1), ("\n", 1), ("\x04", 1)])
def test_reset_does_what_it_is_told(folder: Path, answer: str, status: int) -> None:
    shown = on_a_terminal(folder, "reset", typed=answer)
    assert shown.status == status
    assert "Put stage_1/greeting/ back" in shown.out
    assert (folder / ".learn" / "backups").exists() == (status == 0)
