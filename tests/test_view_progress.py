"""The roadmap and `where am I`: every state of a box, the numbers, and what to type in each situation."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from course.learner.progress import BoxState, ExerciseProgress, Progress
from course.model import Course, Exercise, Stage
from course.view import progress as view
from tests.transcripts import hold, shown

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
THREE_MINUTES_AGO = (NOW - timedelta(minutes=3, seconds=20)).isoformat()
COURSE = Course(
    "Mastering WSGI and ASGI in Django",
    (
        Stage(
            "stage_1",
            "WSGI, the synchronous standard",
            "you can size it",
            (
                Exercise("stage_1", "one", "Deep Dive into wsgi.py", written=True),
                Exercise("stage_1", "two", "WSGI Middleware", written=True),
                Exercise("stage_1", "three", "The Blocking Problem", written=True),
                Exercise("stage_1", "four", "Deployment with Gunicorn", written=True),
            ),
        ),
        Stage(
            "stage_2",
            "Django Channels, the real-time backend",
            "you can talk",
            (
                Exercise("stage_2", "five", "Consumers", written=True),
                Exercise("stage_2", "six", "Routing"),
            ),
        ),
        Stage(
            "milestones", "Milestones", "", (Exercise("milestones", "seven", "Start with Gunicorn", after="stage 1"),)
        ),
        Stage("goal", "Goal", "", (Exercise("goal", "eight", "10,000 concurrent connections", written=True),)),
    ),
)
THREE = COURSE.exercises[2]
FAILED = ExerciseProgress(
    attempts=2,
    checked_at=THREE_MINUTES_AGO,
    passed_count=2,
    check_count=4,
    failed_check="test_x",
    failed_sentence="A fast page is served while three reports are running",
    failed_code="all-slots-busy",
)
PASSED = ExerciseProgress(
    attempts=1,
    checked_at=THREE_MINUTES_AGO,
    passed_at=THREE_MINUTES_AGO,
    passed_hash="h",
    passed_count=4,
    check_count=4,
)
PROGRESS = Progress({"stage_1/one": PASSED, "stage_1/two": PASSED, "stage_1/three": FAILED}, current="stage_1/three")
BOXES = {
    "stage_1/one": BoxState.PASSED,
    "stage_1/two": BoxState.STALE,
    "stage_1/three": BoxState.STARTED,
    "stage_1/four": BoxState.STARTED,
    "stage_2/five": BoxState.OPEN,
    "stage_2/six": BoxState.COMING,
    "milestones/seven": BoxState.COMING,
    "goal/eight": BoxState.OPEN,
}


def where(progress: Progress = PROGRESS, columns: int = 80, **boxes: BoxState) -> str:
    states = {**BOXES, **{f"stage_1/{name}": state for name, state in boxes.items()}}
    next_open = COURSE.exercises[2]
    at = next((exercise for exercise in COURSE.exercises if exercise.path == progress.current), None)
    return shown(view.where_you_are(COURSE, progress, states, at, now=NOW, next_open=next_open), columns)


@pytest.mark.parametrize("columns", [80, 40])
def test_the_roadmap_shows_every_state(columns: int) -> None:
    hold(f"progress_{columns}", shown(view.draw(COURSE, PROGRESS, BOXES, THREE), columns))


@pytest.mark.parametrize("columns", [80, 40])
def test_where_you_are_after_a_failed_check(columns: int) -> None:
    hold(f"where_failed_{columns}", where(columns=columns))


def test_all_that_the_roadmap_shows_is_counted_by_its_kind() -> None:
    for text in (where(), shown(view.draw(COURSE, PROGRESS, BOXES, THREE))):
        assert "1 of 6 boxes, 0 of 1 milestones, 0 of 1 goal" in text
    done = {**BOXES, "goal/eight": BoxState.PASSED}
    assert "1 of 6 boxes, 0 of 1 milestones, 1 of 1 goal" in shown(view.draw(COURSE, PROGRESS, done, THREE))


def test_where_you_are_before_anything_is_begun() -> None:
    hold("where_nothing", where(Progress()))


def test_where_you_are_before_the_first_check() -> None:
    hold("where_unchecked", where(Progress({}, current="stage_1/three")))


def test_where_you_are_after_passing() -> None:
    hold("where_passed", where(replace(PROGRESS, current="stage_1/one")))


def test_where_you_are_when_the_tick_is_stale() -> None:
    text = where(replace(PROGRESS, current="stage_1/two"))
    assert "~ passed 31 Jan 2026, changed since" in text
    assert "learn check" in text


def test_a_pass_that_was_taken_back_keeps_its_date() -> None:
    progress = Progress({"stage_1/two": replace(PASSED, passed_hash=None)}, current="stage_1/two")
    assert "~ passed 31 Jan 2026, fails since" in where(progress)
    roadmap = shown(view.draw(COURSE, progress, BOXES, None))
    assert "passed 31 Jan 2026, fails since" in next(line for line in roadmap.splitlines() if "WSGI Middleware" in line)


def test_the_hint_offered_is_the_next_one() -> None:
    seen = replace(FAILED, hints_shown={FAILED.failure: 2})
    assert "hint 3 of 3 for that failure" in where(replace(PROGRESS, exercises={"stage_1/three": seen}))


def test_an_exercise_that_left_the_course_does_not_break_the_screen() -> None:
    assert "nothing begun yet" in where(Progress({"stage_9/gone": FAILED}, current="stage_9/gone"))


def test_json_has_a_version_and_every_box() -> None:
    body = json.loads(view.as_json(COURSE, PROGRESS, BOXES, THREE))
    assert (body["version"], body["passed"], body["boxes"], body["current"]) == (1, 1, 6, "stage_1/three")
    boxes = {box["exercise"]: box for stage in body["stages"] for box in stage["exercises"]}
    assert {path: box["state"] for path, box in boxes.items()} == {path: state.value for path, state in BOXES.items()}
    three = boxes["stage_1/three"]
    assert boxes["stage_1/two"]["passed_at"] == THREE_MINUTES_AGO
    assert (three["passed_checks"], three["checks"], three["failed_code"]) == (2, 4, "all-slots-busy")


def test_a_stale_box_is_not_counted_as_passed() -> None:
    assert "16 % of the boxes\n  1 of 6 boxes, " in shown(view.draw(COURSE, PROGRESS, BOXES, THREE))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (7300, "2 hours ago"),
        (86_400 * 3, "3 days ago"),
        (-9, "just now"),
    ],
)
def test_how_long_ago(seconds: int, words: str) -> None:
    assert view.ago((NOW - timedelta(seconds=seconds)).isoformat(), NOW) == words
