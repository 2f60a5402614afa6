"""The roadmap with its boxes (`learn progress`), and where you are (`learn`).

`learn progress --json` prints one object, version 1:

    {"version": 1, "title": "...", "passed": 7, "boxes": 23, "current": "stage_2/blocking_problem" or null,
     "stages": [{"name": "stage_2", "title": "...", "exercises": [
        {"exercise": "stage_2/blocking_problem", "title": "...", "state": "coming|open|started|passed|stale",
         "attempts": 3, "checked_at": "2026-01-31T12:00:00+00:00" or null, "passed_at": ... or null,
         "passed_checks": 2, "checks": 4, "failed_check": "test_..." or null, "failed_code": "all-slots-busy" or null,
         "hints_shown": {"test_six: all-slots-busy": 1}}]}]}

`current` is the exercise you are at: the one whose folder you are in, else the one begun or checked last. `passed`
counts the boxes of the numbered stages; a stale one, which passed at `passed_at` and does not now, is not counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from course.learner.progress import BoxState, ExerciseProgress, Progress
from course.model import Course, Exercise, Stage
from course.view.rows import BLANK, CURRENT, FAILED, FULL, OPEN, PASSED, STALE, Piece, Row, bad, dim, good

JSON_VERSION = 1
NOTES_AT = 43  # beyond the longest title, so that bars and notes stand in one column

Boxes = Mapping[str, BoxState]


def draw(course: Course, progress: Progress, boxes: Boxes, at: Exercise | None) -> Iterator[Row]:
    """Every stage with its bar and its boxes; `at` is the exercise you are at."""
    passed, count = _counted(course, boxes)
    yield Row(course.title, right=f"{100 * passed // count if count else 0} % of the boxes")
    yield Row(_tally(course, boxes))
    yield BLANK
    for stage in course.stages:
        if stage.number is None:
            yield Row(stage.title, right=bar(stage, boxes), right_at=NOTES_AT)
        else:
            label = str(stage.number)
            yield Row(stage.title, label=label, label_columns=3, right=bar(stage, boxes), right_at=NOTES_AT)
        for exercise in stage.exercises:
            yield _box(exercise, progress, boxes, is_current=exercise == at)


def bar(stage: Stage, boxes: Boxes) -> tuple[Piece, ...]:
    """A stage in one symbol for each box."""
    symbols = {BoxState.PASSED: good(FULL), BoxState.STALE: Piece(STALE)}
    return tuple(symbols.get(boxes[exercise.path], Piece(OPEN)) for exercise in stage.exercises)


def _box(exercise: Exercise, progress: Progress, boxes: Boxes, *, is_current: bool) -> Row:
    symbol, note = standing(exercise, progress, boxes, is_current=is_current)
    title = dim(exercise.title) if boxes[exercise.path] is BoxState.COMING else exercise.title
    note = " · ".join(filter(None, [exercise.after and f"after {exercise.after}", note]))
    return Row(title, label=symbol, right=dim(note), right_at=NOTES_AT, indent=3)


def standing(exercise: Exercise, progress: Progress, boxes: Boxes, *, is_current: bool) -> tuple[Piece, str]:
    """How an exercise stands: its box's symbol, and a note."""
    known = progress.exercises.get(exercise.path, ExerciseProgress())
    checks = f"{known.passed_count} of {known.check_count} checks" if known.checked_at else ""
    return {
        BoxState.PASSED: (good(PASSED), ""),
        BoxState.STALE: (Piece(STALE), _stale(known)),
        BoxState.STARTED: (Piece(CURRENT if is_current else OPEN), checks or "begun"),
        BoxState.OPEN: (Piece(OPEN), ""),
        BoxState.COMING: (dim(OPEN), "coming"),
    }[boxes[exercise.path]]


def where_you_are(
    course: Course, progress: Progress, boxes: Boxes, at: Exercise | None, *, now: datetime, next_open: Exercise | None
) -> Iterator[Row]:
    """Stage, the exercise you are at, its last verdict, and the next thing to type."""
    shown = at or next_open
    stage = next((stage for stage in course.stages if shown and stage.name == shown.stage), None)
    place = "" if stage is None else f" · stage {stage.number}" if stage.number else f" · {stage.title.lower()}"
    yield Row(f"learn-asgi · {_tally(course, boxes)}{place}")
    yield BLANK
    if at is None:
        yield Row("nothing begun yet", label=dim("Now"), label_columns=7)
        yield BLANK
        yield from typed(
            [("learn next", next_open.title if next_open else ""), ("learn progress", "the whole roadmap")]
        )
        return
    known = progress.exercises.get(at.path, ExerciseProgress())
    state = boxes[at.path]
    yield Row(at.title, label=dim("Now"), label_columns=7, right=at.path)
    yield from _last(known, state, now)
    yield BLANK
    yield from typed(_to_type(known, state, next_open))


def typed(commands: list[tuple[str, str]]) -> Iterator[Row]:
    """What to type next, with what each does."""
    width = max(len(command) for command, _ in commands)
    for at, (command, does) in enumerate(commands):
        label = dim("Type") if at == 0 else ""
        yield Row(command, label=label, label_columns=7, right=dim(does), right_at=7 + width + 4)


def as_json(course: Course, progress: Progress, boxes: Boxes, at: Exercise | None) -> str:
    """The object that this module's docstring describes."""
    passed, count = _counted(course, boxes)
    body = {
        "version": JSON_VERSION,
        "title": course.title,
        "passed": passed,
        "boxes": count,
        "current": at.path if at else None,
        "stages": [
            {
                "name": stage.name,
                "title": stage.title,
                "exercises": [_exercise_json(exercise, progress, boxes) for exercise in stage.exercises],
            }
            for stage in course.stages
        ],
    }
    return json.dumps(body, ensure_ascii=False, indent=1)


def _exercise_json(exercise: Exercise, progress: Progress, boxes: Boxes) -> dict[str, object]:
    known = progress.exercises.get(exercise.path, ExerciseProgress())
    return {
        "exercise": exercise.path,
        "title": exercise.title,
        "state": boxes[exercise.path].value,
        "attempts": known.attempts,
        "checked_at": known.checked_at,
        "passed_at": known.passed_at,
        "passed_checks": known.passed_count,
        "checks": known.check_count,
        "failed_check": known.failed_check,
        "failed_code": known.failed_code,
        "hints_shown": dict(known.hints_shown),
    }


def _tally(course: Course, boxes: Boxes) -> str:
    """All that the roadmap shows, by its kinds: "2 of 23 boxes, 0 of 4 milestones, 0 of 1 goal"."""
    passed, count = _counted(course, boxes)
    others = (stage for stage in course.stages if stage.number is None)
    told = [f"{_passed(stage.exercises, boxes)} of {len(stage.exercises)} {stage.title.lower()}" for stage in others]
    return ", ".join([f"{passed} of {count} boxes", *told])


def _counted(course: Course, boxes: Boxes) -> tuple[int, int]:
    numbered = [exercise for stage in course.stages if stage.number is not None for exercise in stage.exercises]
    return _passed(numbered, boxes), len(numbered)


def _passed(exercises: Iterable[Exercise], boxes: Boxes) -> int:
    return sum(boxes[exercise.path] is BoxState.PASSED for exercise in exercises)


def _last(known: ExerciseProgress, state: BoxState, now: datetime) -> Iterator[Row]:
    if state is BoxState.PASSED:
        yield _under_now(f"passed {ago(known.passed_at, now)}", good(PASSED))
    elif state is BoxState.STALE:
        yield _under_now(_stale(known), Piece(STALE))
    elif not known.checked_at:
        yield _under_now("not checked yet")
    if known.checked_at and known.failed_sentence:
        count = f"{known.passed_count} of {known.check_count} checks pass"
        yield _under_now(f"{count} · last run {ago(known.checked_at, now)}")
        yield _under_now(known.failed_sentence, bad(FAILED))


def _stale(known: ExerciseProgress) -> str:
    """With its date: a tick that is lost was earned all the same."""
    return f"passed {day(known.passed_at)}, {'changed' if known.is_ticked else 'fails'} since"


def lost(passed_at: str) -> Row:
    """Said once, by the first check that fails after it had passed."""
    return Row(f"It passed on {day(passed_at)}; these files do not.", label=STALE, label_columns=2)


def _under_now(text: str, symbol: Piece | None = None) -> Row:
    """A row of the column that `Now` opens."""
    if symbol is None:
        return Row(text, label_columns=7)
    return Row(text, label=(" " * 7, symbol), label_columns=9)


def _to_type(known: ExerciseProgress, state: BoxState, next_open: Exercise | None) -> list[tuple[str, str]]:
    if state is BoxState.PASSED:
        onward = [("learn next", next_open.title)] if next_open else [("learn progress", "the whole roadmap")]
        return [*onward, ("learn solution", "the reference, and why it is so")]
    commands = [("learn check", "grade it again" if known.checked_at else "grade it")]
    if known.failed_code:
        shown = known.hints_seen
        which = f"hint {shown + 1} of 3 for that failure" if shown < 3 else "the three hints for that failure"
        commands.append(("learn hint", which))
    return [*commands, ("learn lesson", "read it again" if known.checked_at else "read it")]


def day(moment: str | None) -> str:
    """The day of a moment of progress.json, here: "31 Jan 2026"."""
    if moment is None:
        return "never"
    at = datetime.fromisoformat(moment).astimezone()
    return f"{at.day} {at:%b %Y}"


def ago(moment: str | None, now: datetime) -> str:
    """How long ago in words; the moments of progress.json are in ISO 8601."""
    if moment is None:
        return "never"
    seconds = max((now - datetime.fromisoformat(moment)).total_seconds(), 0)
    for unit, length_s in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(seconds // length_s)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
