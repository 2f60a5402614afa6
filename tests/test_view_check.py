"""A run of checks on the screen: as it goes, and how each outcome is closed."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from course.content.places import Places
from course.learner.attempt import Attempt
from course.learner.progress import BoxState, ExerciseProgress, Progress
from course.learner.situation import Situation
from course.learner.workspace import Workspace
from course.model import (
    CheckEvent,
    CheckFinished,
    CheckResult,
    CheckStarted,
    Course,
    Exercise,
    Outcome,
    Stage,
    SuiteFinished,
    SuiteStarted,
    Verdict,
)
from course.shared import wire
from course.view import check as view
from course.view.screens import Screen
from tests.transcripts import hold, shown

ONE = Exercise("stage_1", "one", "One Thing", written=True)
TWO = Exercise("stage_1", "two", "Another", written=True)
COURSE = Course("A Course", (Stage("stage_1", "Things", "you can do things", (ONE, TWO)),))
RESULT = CheckResult("test_a", "It answers", Outcome.PASSED, 0.5)
EVENTS: tuple[CheckEvent, ...] = (
    SuiteStarted((("test_a", "It answers"),)),
    CheckStarted("test_a"),
    CheckFinished(RESULT),
    SuiteFinished(0.7),
)


def attempt(outcome: Outcome, *, reason: str = "", two: BoxState = BoxState.OPEN) -> Attempt:
    verdict = Verdict("stage_1/one", outcome, (RESULT,), 1.2, Path("runs/0003"), reason)
    known = {"stage_1/one": ExerciseProgress(passed_at="2026-01-01T00:00:00+00:00", passed_hash="h")}
    here = Situation(Places(), COURSE, Workspace(Path("wsgi-asgi")), Progress(known))
    return Attempt(ONE, verdict, here, {"stage_1/one": BoxState.PASSED, "stage_1/two": two})


def test_a_run_goes_over_the_screen_line_by_line() -> None:
    stream = io.StringIO()
    follow = view.Follow(Screen(stream))
    with follow.begin(ONE, ["gunicorn 27.0.1", "nginx"]):
        for event in EVENTS:
            follow(event)
    follow.close(attempt(Outcome.PASSED))
    hold("run", stream.getvalue())


@pytest.mark.parametrize("outcome", [o for o in Outcome if o not in {Outcome.PASSED, Outcome.INTERRUPTED}])
def test_every_outcome_is_closed_with_what_to_do(outcome: Outcome) -> None:
    hold(f"closing_{outcome}", shown(view.closing(attempt(outcome, reason="what went wrong"))))


def test_a_finished_stage_earns_its_line() -> None:
    done = shown(view.closing(attempt(Outcome.PASSED, two=BoxState.PASSED)))
    assert "Stage 1      ■■  done: you can do things" in done
    assert "done:" not in shown(view.closing(attempt(Outcome.PASSED, two=BoxState.STALE)))


def test_json_lines_are_the_graders_events_between_two_of_ours() -> None:
    stream = io.StringIO()
    lines = view.JsonEvents(Screen(stream))
    with lines.begin(ONE, []):
        for event in EVENTS:
            lines(event)
    lines.close(attempt(Outcome.PASSED))
    first, *events, last = stream.getvalue().splitlines()
    assert json.loads(first)["exercise"] == "stage_1/one"
    assert tuple(wire.from_line(line) for line in events) == EVENTS
    assert json.loads(last)["outcome"] == "passed"


def test_a_line_of_json_is_one_line_whatever_it_quotes() -> None:
    stream = io.StringIO()
    view.JsonEvents(Screen(stream, 40))(CheckFinished(replace(RESULT, reason="a\u2028b\x0bc\x1b[0m" + "long " * 40)))
    assert stream.getvalue().count("\n") == 1
    assert isinstance(wire.from_line(stream.getvalue().rstrip("\n")), CheckFinished)
