"""Checks of A Greeting: what is in one file. Starts no server."""

from __future__ import annotations

from pathlib import Path

from checker.harness.findings import fail
from checker.harness.suite import needs
from course.model import SourceLine

FILE = "greeting.txt"


def _lines(project: Path) -> list[str]:
    return (project / FILE).read_text(encoding="utf-8").splitlines()


def test_the_greeting_is_written(project: Path) -> None:
    """The greeting is written."""
    if not (project / FILE).is_file():
        fail("greeting-missing", wanted=f"a file {FILE}", saw="it is not there")
    if _lines(project)[:1] in ([], [""]) or _lines(project)[0].startswith("Write"):
        fail("greeting-untouched", wanted="a greeting of yours", saw="the scaffold's line", where=SourceLine(FILE, 1))


@needs("test_the_greeting_is_written")
def test_it_greets_the_world(project: Path) -> None:
    """It greets the world."""
    line = _lines(project)[0]
    if "world" not in line.lower():
        fail("nobody-greeted", wanted="the world is greeted", saw=repr(line), where=SourceLine(FILE, 1, doing=line))


@needs("test_the_greeting_is_written")
def test_it_is_one_line(project: Path) -> None:
    """It is one line."""
    if (count := len(_lines(project))) > 1:
        fail("too-long", wanted="one line", saw=f"{count} lines", where=SourceLine(FILE, 2))


@needs("test_the_greeting_is_written")
def test_it_ends_with_a_full_stop(project: Path) -> None:
    """It ends with a full stop."""
    line = _lines(project)[-1].rstrip()
    if not line.endswith("."):
        fail(
            "no-full-stop", wanted="a full stop at the end", saw=f"{line[-1:]!r} at the end", where=SourceLine(FILE, 1)
        )
