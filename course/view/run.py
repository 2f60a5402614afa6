"""A run that has ended, drawn again: its checks, their pictures, and the lines that repeat its probes by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from course.learner.past_run import HTTP, PastRun
from course.model import CheckResult, Outcome
from course.pictures import BarKind
from course.view.failure import causes
from course.view.place import Project
from course.view.result import draw as draw_result
from course.view.result import has_pictures, line
from course.view.rows import BLANK, Drawn, Piece, Row, bad, dim, good
from course.view.screens import Screen
from course.view.waiting import numbered, partial, waiting, waits

PICTURES_OF_A_PASS = 4
FRAMES = ("sent", "received")

_WORDS: dict[Outcome, str | Piece] = {
    Outcome.PASSED: good("Passed"),
    Outcome.FAILED: bad("Not yet"),
    Outcome.SKIPPED: "Not judged",
    Outcome.INCONCLUSIVE: "Cannot tell",
    Outcome.BROKEN: bad("Broken"),
    Outcome.INTERRUPTED: "Interrupted",
}


def draw(run: PastRun, screen: Screen, project: Project, *, verbose: bool = False) -> Iterator[Drawn]:
    """The run: its failures whole, and of what passed the pictures that say most. With `verbose`, all pictures."""
    verdict = run.verdict
    yield Row(run.exercise.title, right=dim(f"run {verdict.run.name}"))
    yield BLANK
    if verbose:
        for number, result in numbered(verdict.results):
            yield from draw_result(result, screen, project, with_pictures=True, number=number, record=run.record)
    else:
        yield from _in_short(run, screen, project)
    yield BLANK
    yield Row(
        (_WORDS[verdict.outcome], f": {verdict.passed_count} of {len(verdict.results)}, in {verdict.seconds:.1f} s")
    )
    yield from partial(verdict)
    if verdict.reason:
        yield Row(dim(verdict.reason.rstrip()))
    if run.seed is not None:
        yield Row(dim(f"LEARN_SEED={run.seed} draws the same names and values again"))
    if run.commands:
        yield BLANK
        yield Row("By hand", right=dim(f"beside `learn run`, at {HTTP}"), right_at=11)
        for command in run.commands:
            yield Row(command, indent=2, whole=True)
        if run.more_commands:
            yield Row(dim(f"and {run.more_commands} more, in {run.record}"), indent=2)
    if run.logs:
        yield BLANK
        yield Row("Logs", right=dim(f"{run.folder}/"), right_at=11)
        for log in run.logs:
            yield Row(log, indent=2)


def _in_short(run: PastRun, screen: Screen, project: Project) -> Iterator[Drawn]:
    results = run.verdict.results
    same = {number: cause.numbers[0] for cause in causes(results) for number in cause.numbers[1:]}
    telling = () if run.verdict.outcome is Outcome.FAILED else _telling(results)
    for number, result in numbered(results):
        if waits(result):
            continue
        if number in same:
            yield line(result, number)
            yield Row(dim(f"same cause as check {same[number]}"), label_columns=2)
            continue
        shown = number in telling
        yield from draw_result(result, screen, project, with_pictures=shown, number=number, record=run.record)
    yield from waiting(results)
    silent = sum(has_pictures(r) for number, r in numbered(results) if number not in telling and _is_passed(r))
    if silent:
        yield BLANK
        more = "a picture of 1 more check" if silent == 1 else f"pictures of {silent} more checks"
        yield Row("learn show -v", right=dim(more), right_at=17)


def _telling(results: Sequence[CheckResult]) -> set[int]:
    """The checks whose pictures say most, by their numbers in the list."""
    scores = {number: _score(result) for number, result in numbered(results) if has_pictures(result)}
    most = sorted(scores, key=lambda number: scores[number], reverse=True)[:PICTURES_OF_A_PASS]
    return {number for number in most if scores[number] > (0, 0)}


def _score(result: CheckResult) -> tuple[int, int]:
    """First what a check drew itself; then by what was under way side by side, stood still or broke off."""
    rows = result.timeline.rows if result.timeline is not None else ()
    is_own = bool(result.charts or (result.timeline is not None and result.timeline.title))
    ends = sum(mark.label not in FRAMES for row in rows for mark in row.marks)
    stalls = sum(bar.kind is BarKind.STALLED for row in rows for bar in row.bars)
    said = len(result.conversation.messages) if result.conversation is not None else 0
    return int(is_own), len(rows) - 1 + 2 * (ends + stalls) if rows else said


def _is_passed(result: CheckResult) -> bool:
    return result.outcome is Outcome.PASSED
