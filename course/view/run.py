"""A run that has ended, drawn again: its checks, their timelines, and the lines that repeat its probes by hand."""

from __future__ import annotations

from collections.abc import Iterator

from course.learner.past_run import HTTP, PastRun
from course.model import Outcome
from course.view.result import draw as draw_result
from course.view.rows import BLANK, Drawn, Piece, Row, bad, dim, good
from course.view.screens import Screen

_WORDS: dict[Outcome, str | Piece] = {
    Outcome.PASSED: good("Passed"),
    Outcome.FAILED: bad("Not yet"),
    Outcome.SKIPPED: "Not judged",
    Outcome.INCONCLUSIVE: "Cannot tell",
    Outcome.BROKEN: bad("Broken"),
    Outcome.INTERRUPTED: "Interrupted",
}


def draw(run: PastRun, screen: Screen) -> Iterator[Drawn]:
    """The whole run, with the timeline of every check that has one."""
    verdict = run.verdict
    yield Row(run.exercise.title, right=dim(f"run {verdict.run.name}"))
    yield BLANK
    for result in verdict.results:
        yield from draw_result(result, screen, with_timeline=True)
    yield BLANK
    yield Row(
        (_WORDS[verdict.outcome], f": {verdict.passed_count} of {len(verdict.results)}, in {verdict.seconds:.1f} s")
    )
    if verdict.reason:
        yield Row(dim(verdict.reason.rstrip()))
    if run.seed is not None:
        yield Row(dim(f"LEARN_SEED={run.seed} draws the same names and values again"))
    if run.commands:
        yield BLANK
        yield Row("By hand", right=dim(f"with your server at {HTTP}"), right_at=11)
        for command in run.commands:
            yield Row(command, indent=2, whole=True)
        if run.more_commands:
            yield Row(dim(f"and {run.more_commands} more, in history.jsonl"), indent=2)
    if run.logs:
        yield BLANK
        yield Row("Logs", right=dim(f"{run.folder}/"), right_at=11)
        for log in run.logs:
            yield Row(log, indent=2)
