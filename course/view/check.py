"""A run of checks as it happens, and the lines that close it.

`learn check --json` prints one object a line: the grader's events as course/wire.py describes them, and around each
exercise's events two lines of our own, version 2 too:

    {"v": 2, "event": "exercise", "exercise": "stage_2/blocking_problem"}
    {"v": 2, "event": "verdict", "exercise": "stage_2/blocking_problem", "outcome": "failed", "passed": 2, "checks": 4,
     "seconds": 1.4, "reason": "", "run": "0003", "partial": false}

A partial run is of some of the checks (`--only`, `--first-failed`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from course.learner import situation
from course.learner.attempt import Attempt
from course.learner.progress import BoxState
from course.model import (
    CheckEvent,
    CheckFinished,
    CheckResult,
    CheckStarted,
    Exercise,
    Outcome,
    SuiteFinished,
    SuiteStarted,
)
from course.shared import wire
from course.view import failure, place, result
from course.view.place import NOWHERE
from course.view.progress import bar, lost
from course.view.rows import BLANK, Block, Drawn, Piece, Row, bad, dim, good, height
from course.view.running import Running
from course.view.screens import Screen
from course.view.waiting import partial, waiting, waits

LABEL_COLUMNS = 13


class Follow:
    """Shows each check as it runs and as it ends (attempt.Listener), then what the attempt came to.

    `workspace` is the learner's, whose lines are told by their paths from where they stand. With `verbose`, each check
    is whole where it stands: every picture, every finding, a line for each that waits.
    """

    def __init__(
        self,
        screen: Screen,
        workspace: Path | None = None,
        *,
        verbose: bool = False,
        below: Callable[[int], str] | None = None,
    ) -> None:
        """`below` draws a line that stands below the one that moves (Running)."""
        self._screen = screen
        self._workspace = workspace
        self._running = Running(screen, below)
        self._verbose = verbose
        self._project = NOWHERE
        self._results: list[CheckResult] = []
        self._checks: dict[str, str] = {}
        self._is_first = True

    @contextmanager
    def begin(self, exercise: Exercise, servers: Sequence[str]) -> Iterator[None]:
        """The title, then the events; leaves no half-drawn line, however it ends."""
        self._results = []
        if self._workspace is not None:
            self._project = place.project_in(self._workspace, exercise.path, is_as_graded=True)
        self._show([] if self._is_first else [BLANK])
        self._show([Row(exercise.title, right=dim(" · ".join(servers))), BLANK])
        self._is_first = False
        self._running.show("getting ready")
        try:
            yield
        except KeyboardInterrupt:
            self._running.clear()
            self._show(self._waiting())
            self._show(self._failures(self._results, []))  # there will be no verdict that `learn show` could tell
            raise
        finally:
            self._running.clear()

    def __call__(self, event: CheckEvent) -> None:
        """Show what this event tells."""
        match event:
            case SuiteStarted():
                self._checks = dict(event.checks)
            case CheckStarted():
                self._running.show(self._checks.get(event.id, event.id))
            case CheckFinished():
                self._running.clear()
                self._show(self._ended(event.result))
            case SuiteFinished():
                self._running.clear()
                self._show(self._waiting())

    def close(self, done: Attempt) -> None:
        """The failures, and the lines that close an attempt."""
        last = list(closing(done))
        results = done.verdict.results
        if not (self._verbose and results and results[-1].finding is not None):
            last = [BLANK, *last]
        self._show(self._failures(results, last))
        self._show(last)

    def sum_up(self, attempts: Sequence[Attempt]) -> None:
        """Of several exercises: how many passed, and which are not yet."""
        if len(attempts) > 1:
            self._show(total(attempts))

    def _ended(self, ended: CheckResult) -> Iterator[Drawn]:
        self._results.append(ended)
        number = ended.number or len(self._results)
        if self._verbose:
            yield from result.draw(ended, self._screen.as_it_is_now(), self._project, number=number)
        elif not waits(ended):
            yield result.line(ended, number)
            yield from result.reason(ended)

    def _waiting(self) -> Iterator[Drawn]:
        return iter(()) if self._verbose else waiting(self._results)

    def _failures(self, results: Sequence[CheckResult], below: Sequence[Drawn]) -> Iterator[Drawn]:
        if not self._verbose:
            screen = self._screen.as_it_is_now()
            yield from failure.draw(results, screen, self._project, below=height(below, screen.columns))

    def _show(self, rows: Iterable[Drawn]) -> None:
        self._screen.as_it_is_now().show(rows)


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
                "partial": verdict.is_partial,
            }
        )

    def sum_up(self, attempts: Sequence[Attempt]) -> None:
        """Nothing: each exercise has its verdict's line."""

    def _write(self, body: dict[str, object]) -> None:
        self._screen.show([Block(json.dumps(body, ensure_ascii=False, separators=(",", ":")), margin=0)])


def closing(done: Attempt) -> Iterator[Drawn]:
    """What the run came to, and what to type now."""
    verdict = done.verdict
    count = f"{verdict.passed_count} of {len(verdict.results)}, in {verdict.seconds:.1f} s"
    yield from partial(verdict)
    match verdict.outcome:
        case Outcome.PASSED if verdict.is_partial:
            yield Row((good("Passed"), f": {count}"))
        case Outcome.PASSED:
            yield Row((good("Passed"), f": {count}"))
            yield from _passed(done)
        case Outcome.FAILED:
            if done.passed_before is not None:
                yield lost(done.passed_before)
            yield Row((bad("Not yet"), f": {count}"), right="learn hint · learn show · learn open")
        case Outcome.SKIPPED:
            yield Row(f"Not judged: {count}. This machine lacks something.", right="learn doctor")
        case Outcome.INCONCLUSIVE:
            yield Row(f"Cannot tell: {count}. The machine was too busy, twice.", right="learn check")
        case Outcome.BROKEN:
            yield Row((bad("Broken"), f": {count}. This is our bug, not your work: please report it."))
            yield Row(verdict.reason.rstrip(), label=dim("Why"), label_columns=LABEL_COLUMNS)
            yield Row(str(verdict.run), label=dim("Logs"), label_columns=LABEL_COLUMNS)


def total(attempts: Sequence[Attempt]) -> Iterator[Drawn]:
    """Several exercises in a few lines: how many passed, and what the others came to."""
    others = [done for done in attempts if done.verdict.outcome is not Outcome.PASSED]
    seconds = sum(done.verdict.seconds for done in attempts)
    count = f"{len(attempts) - len(others)} of {len(attempts)} exercises, in {seconds:.1f} s"
    yield BLANK
    yield Row((bad("Not yet") if others else good("Passed"), f": {count}"))
    for done in others:
        verdict = done.verdict
        came_to = f"{verdict.passed_count} of {len(verdict.results)} checks"
        yield Row(done.exercise.path, label=result.symbol(verdict.outcome), label_columns=2, right=dim(came_to))
    if others:
        yield _typed("Type", f"learn check {others[0].exercise.name}", "")


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
