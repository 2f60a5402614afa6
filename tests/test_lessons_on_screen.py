"""Every lesson and every reference's why on the screen: nothing that is copied is folded, no ink is lost on white."""

from __future__ import annotations

import io
import re

import pytest
from markdown_it import MarkdownIt

from course.content import promises
from course.view import markdown
from course.view.measure import cells
from course.view.rows import ESCAPES
from course.view.screens import Screen
from tests.transcripts import shown
from tests.tree import ROOT

TEXTS = sorted([*ROOT.glob("exercises/*/*/lesson.md"), *ROOT.glob("solutions/*/*/right/reference/why.md")])
# Off, bold, dim, italic, underlined, struck through, red, green: a terminal makes them fit its background.
INKS = {"0", "1", "2", "3", "4", "9", "31", "32"}
every_text = pytest.mark.parametrize("text", TEXTS, ids=lambda file: f"{file.parts[-3]}/{file.name}", indirect=True)


@pytest.fixture
def text(request: pytest.FixtureRequest) -> str:
    """One of the course's texts, as learners get it."""
    return promises.without_names(request.param.read_text(encoding="utf-8"))


def drawn(text: str, columns: int, *, colour: bool) -> str:
    return shown(markdown.draw(text, Screen(io.StringIO(), columns, colour)), columns, colour=colour)


def test_there_are_lessons() -> None:
    assert len(TEXTS) >= 20


@every_text
@pytest.mark.parametrize("columns", [80, 40])
@pytest.mark.parametrize("colour", [True, False], ids=["colour", "plain"])
def test_code_is_never_folded_and_no_table_is_wider_than_the_screen(text: str, columns: int, *, colour: bool) -> None:
    lines = [line.strip() for line in ESCAPES.sub("", drawn(text, columns, colour=colour)).splitlines()]
    for token in MarkdownIt().enable("table").parse(text):
        if token.type in {"fence", "code_block"}:
            assert {line.strip() for line in token.content.expandtabs(4).splitlines()} <= set(lines)
    tables = [line for line in lines if line.startswith(("|", "─", "━"))]
    assert [line for line in tables if cells(line) > columns - 4] == []


@every_text
@pytest.mark.parametrize("columns", [80, 40])
def test_no_word_of_a_table_is_lost(text: str, columns: int) -> None:
    told = re.sub(r"[\s|:]+", " ", drawn(text, columns, colour=False))
    for line in text.splitlines():
        if line.startswith("|") and not line.startswith("|---"):
            for cell in line.strip("|").split("|"):
                assert re.sub(r"[\s|:]+", " ", cell).strip() in told


@every_text
def test_every_ink_can_be_read_on_any_background(text: str) -> None:
    codes = re.findall(r"\x1b\[([0-9;]*)m", drawn(text, 80, colour=True))
    assert {code for each in codes for code in each.split(";")} <= INKS


def test_a_diff_has_two_colours_and_source_none() -> None:
    code = markdown.code("@@ -1 +1 @@\n-old\n+new", "diff", Screen(io.StringIO(), 80, colour=True)).text
    assert "\x1b[31m-old" in code
    assert "\x1b[32m+new" in code
    python = 'class A:\n    """B."""\n    @c\n    def d(self): return f"{1}" + None  # e\n'
    codes = re.findall(
        r"\x1b\[([0-9;]*)m", markdown.code(python, "python", Screen(io.StringIO(), 80, colour=True)).text
    )
    assert {code for each in codes for code in each.split(";")} <= {"0", "1", "2"}
