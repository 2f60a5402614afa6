"""What `learn watch` draws: the line of keys, the list of exercises, and a run that is ended for another one."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from course.errors import UsageError
from course.learner.progress import BoxState, Progress
from course.learner.watching import Began, Outdated, Refused, Restarting
from course.model import CheckFinished, CheckResult, CheckStarted, Course, Exercise, Outcome, SuiteStarted
from course.view.exercise_list import ExerciseList
from course.view.keyboard import DOWN, RUBOUT, UP
from course.view.rows import height
from course.view.screens import Screen
from course.view.watch import CLEAR, WatchScreen, keys_line

PASSED = CheckFinished(CheckResult("test_one", "One", Outcome.PASSED))


class Page:
    """A watch's screen, of which one sees what was drawn since it was last cleared."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self.watch = WatchScreen(Screen(self._stream), Path())

    def __str__(self) -> str:
        return self._stream.getvalue().rpartition(CLEAR)[2]


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (76, "h hint  l lesson  s show  o open  n next  e list  t reset  r run  q quit"),
        (40, "h hint  l lesson  s show  ? keys  q quit"),
        (10, "? keys  q quit"),
    ],
)
def test_as_many_keys_are_named_as_there_is_room_for(columns: int, line: str) -> None:
    assert keys_line(columns) == line


def test_what_is_left_of_a_run_that_is_ended_is_not_shown(greeting: Exercise) -> None:
    page = Page()
    for news in (Began(greeting, ()), SuiteStarted((("test_one", "One"),)), CheckStarted("test_one"), Restarting()):
        page.watch.hear(news)
    assert "the checks begin anew" in str(page)
    page.watch.hear(PASSED)
    assert "One" not in str(page)
    page.watch.hear(Began(greeting, ()))
    page.watch.hear(PASSED)
    assert "begin anew" not in str(page)
    assert "One" in str(page)


def test_why_a_run_cannot_be_made_is_shown_with_what_to_do(greeting: Exercise) -> None:
    page = Page()
    page.watch.hear(Began(greeting, ()))
    page.watch.hear(Refused(UsageError("it is busy.", "Wait.")))
    assert "it is busy." in str(page)
    assert "Wait." in str(page)
    page.watch.hear(Outdated())
    page.watch.hear(Outdated())
    page.watch.redraw()
    assert str(page).count("it is busy.") == 1


def test_a_page_hides_what_comes_until_it_is_lifted(greeting: Exercise) -> None:
    page = Page()
    page.watch.lay_trouble("a page.", "")
    page.watch.hear(Began(greeting, ()))
    page.watch.hear(PASSED)
    assert "One" not in str(page)
    page.watch.lift()
    assert "One" in str(page)
    assert "a page." not in str(page)


@pytest.fixture
def listed(toy_course: Course, greeting: Exercise) -> ExerciseList:
    """The toy course's exercises, at the first."""
    boxes = {exercise.path: BoxState.OPEN for exercise in toy_course.exercises}
    return ExerciseList(toy_course, Progress(), boxes, greeting)


def test_the_mark_moves_and_stays_in_the_list(listed: ExerciseList) -> None:
    names = []
    for key in (UP, DOWN, DOWN, DOWN, UP):
        listed.press(key)
        names.append(listed.picked.name if listed.picked else "")
    assert names == ["greeting", "hello", "hello", "hello", "greeting"]


def test_typing_narrows_the_list(listed: ExerciseList) -> None:
    for key in "HTTP hel":
        listed.press(key)
    assert listed.picked is not None
    assert listed.picked.name == "hello"
    listed.press("x")
    assert listed.picked is None
    listed.press(RUBOUT)
    assert listed.picked is not None


def test_the_list_keeps_to_a_low_screen(listed: ExerciseList) -> None:
    screen = Screen(io.StringIO(), rows=9)
    assert height(listed.rows(screen), 80) <= 9 - 3
