"""What waits, folded to one line for a run: `10 more wait: 6 for check 2, 4 for check 9`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from course.model import CheckResult, Outcome, Verdict
from course.view.rows import SKIPPED, Piece, Row, dim

NEEDS = "needs: "


def numbered(results: Sequence[CheckResult]) -> Iterator[tuple[int, CheckResult]]:
    """Each with its number: among all checks of the exercise, or, where nobody has counted them, among these."""
    for place, result in enumerate(results, 1):
        yield result.number or place, result


def partial(verdict: Verdict) -> Iterator[Row]:
    """Said of a run of some of the checks."""
    if verdict.is_partial:
        yield Row(dim("Of some checks only. `learn check` runs all."))


def waits(result: CheckResult) -> bool:
    """Whether it did not run because a check above had not passed."""
    return result.outcome is Outcome.SKIPPED and result.reason.startswith(NEEDS)


def waiting(results: Sequence[CheckResult]) -> Iterator[Row]:
    """At the end of a run: how many checks wait, and for which one, by its number, they do in the end."""
    known = {result.sentence: result for result in results}
    numbers = {result.sentence: number for number, result in numbered(results)}
    counts: dict[str, int] = {}
    for result in filter(waits, results):
        root = _root(result, known)
        counts[root] = counts.get(root, 0) + 1
    if not counts:
        return
    names = {root: f"check {numbers[root]}" if root in numbers else root for root in counts}
    total = sum(counts.values())
    head = "1 more waits" if total == 1 else f"{total} more wait"
    if len(counts) == 1:
        text = f"{head} for {next(iter(names.values()))}"
    else:
        text = f"{head}: {', '.join(f'{count} for {names[root]}' for root, count in counts.items())}"
    yield Row(dim(text), label=Piece(SKIPPED), label_columns=2)


def _root(result: CheckResult, known: dict[str, CheckResult]) -> str:
    """The sentence of the check that it waits for in the end: the one above may wait itself."""
    while waits(result):
        sentence = result.reason.removeprefix(NEEDS)
        above = known.get(sentence)
        if above is None or above is result:
            return sentence
        result = above
    return result.sentence
