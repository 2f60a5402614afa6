"""One check's end on the screen: what each outcome shows, at 80 and at 40 columns."""

from __future__ import annotations

import pytest

from course.model import CheckResult, Finding, Outcome, SourceLine
from course.pictures import Bar, BarKind, Timeline, TimelineRow
from course.view import result
from course.view.screens import Screen
from tests.transcripts import hold, shown

FINDING = Finding(
    code="all-slots-busy",
    wanted="/hello answered while 3 reports are held",
    saw="/hello was answered only after a report had ended: all 3 workers were busy",
    where=SourceLine("shop/views.py", 14, "report", "cursor.execute(SLOW)"),
)
TIMELINE = Timeline(
    412.0,
    (
        TimelineRow("pid 71", (Bar(0, 400, BarKind.WORKING),), note="report 1"),
        TimelineRow("pid 72", (Bar(0, 410, BarKind.WORKING),), note="report 2"),
        TimelineRow("hello", (Bar(5, 405, BarKind.WAITING), Bar(405, 412, BarKind.WORKING)), note="waited"),
    ),
)
RESULTS = (
    CheckResult("test_a", "The shop answers", Outcome.PASSED, 0.6, timeline=TIMELINE),
    CheckResult("test_b", "A fast page is served while three reports are running", Outcome.FAILED, 0.4, FINDING,
                timeline=TIMELINE),
    CheckResult("test_c", "Slots come back after an error", Outcome.SKIPPED, reason="needs: The shop answers"),
    CheckResult("test_d", "The pool is bounded", Outcome.SKIPPED, reason="PostgreSQL: not installed. pip install it"),
    CheckResult("test_e", "Nobody waits", Outcome.INCONCLUSIVE, 9.5, reason="this machine stood still for 4 s"),
    CheckResult("test_f", "The grader works", Outcome.BROKEN, 0.1, reason="Traceback ...\nKeyError: 'x'\n"),
)  # fmt: skip


def drawn(columns: int, *, with_pictures: bool = False) -> str:
    screen = Screen(None, columns)  # type: ignore[arg-type]  # nothing is written to it here
    return shown((row for each in RESULTS for row in result.draw(each, screen, with_pictures=with_pictures)), columns)


@pytest.mark.parametrize("columns", [80, 40])
def test_every_outcome_has_its_screen(columns: int) -> None:
    hold(f"results_{columns}", drawn(columns))


def test_a_passed_check_shows_its_timeline_only_when_asked() -> None:
    assert drawn(80).count("report 1") == 1
    assert drawn(80, with_pictures=True).count("report 1") == 2


def test_what_to_do_next_stands_under_where() -> None:
    finding = Finding("code", "a", "b", SourceLine("x.py", 1), next="edit gunicorn.conf.py")
    text = shown(result.draw(CheckResult("t", "T", Outcome.FAILED, finding=finding), Screen(None)))  # type: ignore[arg-type]
    assert text.index("where") < text.index("next     edit gunicorn.conf.py")
