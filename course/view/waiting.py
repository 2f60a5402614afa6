"""What waits for a failure, folded: `22 more wait for this one` in place of a line for each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from course.model import CheckResult, Outcome
from course.view.rows import SKIPPED, Piece, Row, cut, dim, reading

NEEDS = "needs: "


def waits(result: CheckResult) -> bool:
    """Whether it did not run because a check above had not passed."""
    return result.outcome is Outcome.SKIPPED and result.reason.startswith(NEEDS)


class Waiting:
    """Counts the checks that wait, by the one that all of them wait for in the end."""

    def __init__(self) -> None:
        self._known: dict[str, CheckResult] = {}
        self._counts: dict[str, int] = {}
        self._last = ""
        self._first_failure = ""

    def foresee(self, results: Sequence[CheckResult]) -> None:
        """Of a run that is over: all that waits is known before the first check is told."""
        self._known = {result.sentence: result for result in results}
        for result in filter(waits, results):
            self._count(result)

    def ended(self, result: CheckResult) -> Iterator[Row]:
        """Take a check that has ended; what waits for the one before it is told first."""
        self._known[result.sentence] = result
        if waits(result):
            self._count(result)
            return
        if result.outcome is Outcome.FAILED and not self._first_failure:
            self._first_failure = result.sentence
        yield from self._below_the_last()
        self._last = result.sentence

    def rest(self, columns: int) -> Iterator[Row]:
        """At the end of a run: what is not told yet, by the check it waits for."""
        yield from self._below_the_last()
        for root, count in self._counts.items():
            if root == self._first_failure:
                yield _row(f"{_counted(count)} for the first failure")
                continue
            words = f"{_counted(count)} for: "
            yield _row(words + cut(root, reading(columns) - len(words) - 6))
        self._counts.clear()

    def _count(self, result: CheckResult) -> None:
        root = self._root(result)
        self._counts[root] = self._counts.get(root, 0) + 1

    def _below_the_last(self) -> Iterator[Row]:
        count = self._counts.pop(self._last, 0)
        if count:
            yield _row(f"{_counted(count)} for this one")

    def _root(self, result: CheckResult) -> str:
        sentence = result.reason.removeprefix(NEEDS)
        above = self._known.get(sentence)
        return self._root(above) if above is not None and above is not result and waits(above) else sentence


def _counted(count: int) -> str:
    return f"{count} more wait" if count > 1 else "1 more waits"


def _row(text: str) -> Row:
    return Row(dim(text), label=Piece(SKIPPED), label_columns=2)
