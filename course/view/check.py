"""A run of checks as it happens, and the lines that close it.

`learn check --json` prints one object a line: the grader's events as course/wire.py describes them, and around each
exercise's events two lines of our own, version 2 too:

    {"v": 2, "event": "exercise", "exercise": "stage_2/blocking_problem"}
    {"v": 2, "event": "verdict", "exercise": "stage_2/blocking_problem", "outcome": "failed", "passed": 2, "checks": 4,
     "seconds": 1.4, "reason": "", "run": "0003"}
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from course.learner import situation
from course.learner.attempt import Attempt
from course.learner.progress import BoxState
from course.model import CheckEvent, CheckFinished, CheckStarted, Exercise, Outcome, SuiteFinished, SuiteStarted
from course.shared import wire
from course.view import result
from course.view.progress import bar, lost
from course.view.rows import BLANK, Block, Drawn, Piece, Row, bad, dim, good
from course.view.running import Running
from course.view.screens import Screen

LABEL_COLUMNS = 13


class Follow:
    """Shows each check as it runs and as it ends (attempt.Listener), then what the attempt came to."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._running = Running(screen)
        self._sentences: dict[str, str] = {}

    @contextmanager
    def begin(self, exercise: Exercise, servers: Sequence[str]) -> Iterator[None]:
        """The title, then the events; leaves no half-drawn line, however it ends."""
        self._screen.show([Row(exercise.title, right=dim(" · ".join(servers))), BLANK])
        self._running.show("getting ready")
        try:
            yield
        finally:
            self._running.clear()

    def __call__(self, event: CheckEvent) -> None:
        """Show what this event tells."""
        match event:
            case SuiteStarted():
                self._sentences = dict(event.checks)
            case CheckStarted():
                self._running.show(self._sentences.get(event.id, event.id))
            case CheckFinished():
                self._running.clear()
                self._screen.show(result.draw(event.result, self._screen))
            case SuiteFinished():
                self._running.clear()

    def close(self, done: Attempt) -> None:
        """The lines that close an attempt."""
        self._screen.show(closing(done))


class JsonEvents:
    """Prints each event as a line of JSON instead; same use."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    @contextmanager
    def begin(self, exercise: Exercise, servers: Sequence[str]) -> Iterator[None]:  # noqa: ARG002  # as Follow
        """The line that names the exercise."""
        self._write({"v": wire.VERSION, "event": "exercise", "exercise": exercise.path})
        yield

    def __call__(self, event: CheckEvent) -> None:
        """The event's own line."""
        self._screen.show([Block(wire.to_line(event), margin=0)])

    def close(self, done: Attempt) -> None:
        """The verdict's line."""
        verdict = done.verdict
        self._write(
            {
                "v": wire.VERSION,
                "event": "verdict",
                "exercise": verdict.exercise,
                "outcome": verdict.outcome.value,
                "passed": verdict.passed_count,
                "checks": len(verdict.results),
                "seconds": verdict.seconds,
                "reason": verdict.reason,
                "run": verdict.run.name,
            }
        )

    def _write(self, body: dict[str, object]) -> None:
        self._screen.show([Block(json.dumps(body, ensure_ascii=False, separators=(",", ":")), margin=0)])


def closing(done: Attempt) -> Iterator[Drawn]:
    """What the run came to, and what to type now."""
    verdict = done.verdict
    count = f"{verdict.passed_count} of {len(verdict.results)}, in {verdict.seconds:.1f} s"
    if verdict.results and verdict.results[-1].finding is None:
        yield BLANK
    match verdict.outcome:
        case Outcome.PASSED:
            yield Row((good("Passed"), f": {count}"))
            yield from _passed(done)
        case Outcome.FAILED:
            if done.passed_before is not None:
                yield lost(done.passed_before)
            yield Row((bad("Not yet"), f": {count}"), right="learn hint · learn show · learn lesson")
        case Outcome.SKIPPED:
            yield Row(f"Not judged: {count}. This machine lacks something.", right="learn doctor")
        case Outcome.INCONCLUSIVE:
            yield Row(f"Cannot tell: {count}. The machine was too busy, twice.", right="learn check")
        case Outcome.BROKEN:
            yield Row((bad("Broken"), f": {count}. This is our bug, not your work: please report it."))
            yield Row(verdict.reason.rstrip(), label=dim("Why"), label_columns=LABEL_COLUMNS)
            yield Row(str(verdict.run), label=dim("Logs"), label_columns=LABEL_COLUMNS)


def _passed(done: Attempt) -> Iterator[Row]:
    exercise, here = done.exercise, done.situation
    stage, next_open = situation.stage_of(here.course, exercise), situation.next_open(here.course, here.progress)
    if done.is_on_roadmap:
        yield _labelled("ROADMAP.md", f"- [x] {exercise.title}")
    stage_bar = bar(stage, done.boxes)
    is_done = all(done.boxes[other.path] is BoxState.PASSED for other in stage.exercises)
    name = f"Stage {stage.number}" if stage.number is not None else stage.title
    yield _labelled(name, *stage_bar, f"  done: {stage.done}" if is_done else "")
    if next_open is not None:
        yield _typed("Next", "learn next", next_open.title)
    yield _typed("Compare", "learn solution", "the reference, and why it is so")


def _labelled(label: str, *text: str | Piece) -> Row:
    return Row(text, label=dim(label), label_columns=LABEL_COLUMNS)


def _typed(label: str, command: str, does: str) -> Row:
    return Row(command, label=dim(label), label_columns=LABEL_COLUMNS, right=dim(does), right_at=LABEL_COLUMNS + 17)
