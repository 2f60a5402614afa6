"""`learn dev check`: the problems of the course's files, each proof as it comes, a table, and one line that sums up.

With `--json` it prints one object a line, version 1, the problems first:

    {"v": 1, "event": "problem", "problem": "stage_2/blocking_problem: lesson.md has 212 words; ..."}
    {"v": 1, "event": "proof", "exercise": "stage_2/blocking_problem", "kind": "wrong", "name": "more_threads",
     "alone": "", "expected": "test_x: code", "seen": "test_x: code", "right": true, "unsteady": false, "seconds": 3.2,
     "cached": false, "said": "", "run": ""}

`alone` names the one check that ran with what it needs. An unsteady proof tells what it saw the first time.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median

from course.authors.proving import Proof, Proven
from course.view.rows import BLANK, CURRENT, FAILED, PASSED, Block, Piece, Row, bad, dim, good
from course.view.screens import Screen

JSON_VERSION = 1
# The table's columns of counts: those of the catalogue, and that of `--alone`.
KINDS = ("scaffold", "right", "wrong")
ALONE = ("alone",)


class Proving:
    """Shows each problem and each proof as it comes, then the table."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._told: set[tuple[str, str]] = set()  # why an exercise's cases are broken

    def problem(self, sentence: str) -> None:
        """What is wrong with the course's files."""
        self._screen.show([Row(sentence, label=bad(FAILED), label_columns=2)])

    def proof(self, proved: Proof) -> None:
        """One case, as it ends; with what was expected and seen where these differ, each cause of a broken one once."""
        cause = (proved.case.exercise.path, proved.seen)
        self._screen.show(_proof(proved, is_told=proved.is_broken and cause in self._told))
        self._told.add(cause)

    def close(self, proven: Proven) -> None:
        """All of it in one table, and what is not as expected once more."""
        self._screen.show(closing(proven))


class JsonProofs:
    """Prints each as a line of JSON instead; same use."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def problem(self, sentence: str) -> None:
        """A problem's line."""
        self._write({"v": JSON_VERSION, "event": "problem", "problem": sentence})

    def proof(self, proved: Proof) -> None:
        """A case's line."""
        case = proved.case
        self._write(
            {
                "v": JSON_VERSION,
                "event": "proof",
                "exercise": case.exercise.path,
                "kind": case.kind,
                "name": case.name,
                "alone": case.alone,
                "expected": case.expected,
                "seen": proved.seen,
                "right": proved.is_right,
                "unsteady": proved.is_unsteady,
                "seconds": round(proved.seconds, 3),
                "cached": proved.is_cached,
                "said": proved.said,
                "run": str(proved.run or ""),
            }
        )

    def close(self, proven: Proven) -> None:
        """Nothing: every line has been told."""

    def _write(self, body: dict[str, object]) -> None:
        self._screen.show([Block(json.dumps(body, ensure_ascii=False), margin=0)])


def closing(proven: Proven) -> Iterator[Row]:
    """The table; hundreds of lines below where they were told first, what is red and what is unsteady; one line."""
    yield BLANK
    yield from _table(proven.proofs)
    yield BLANK
    by_exercise = _by_exercise(proven.red)
    for path, red in by_exercise.items():
        of_exercise = [proved for proved in proven.proofs if proved.case.exercise.path == path]
        if len(red) == len(of_exercise) > 1 and red[0].is_broken and len({proved.seen for proved in red}) == 1:
            yield Row(f"{red[0].case.exercise.name} · all {len(red)} cases", label=bad(FAILED), label_columns=2)
            yield _told("seen", red[0].seen)
        else:
            for proved in red:
                yield from _proof(proved)
    for proved in proven.unsteady:
        yield from _proof(proved)
    yield _summed_up(proven)


def _table(proofs: Sequence[Proof]) -> Iterator[Row]:
    """Exercise, how many of each kind are as expected, codes, seconds."""
    by_exercise = _by_exercise(proofs)
    kinds = ALONE if any(proved.case.alone for proved in proofs) else KINDS
    width = max([len(path) for path in by_exercise], default=8)
    columns = "".join(f"  {kind:>{_width(kind)}}" for kind in kinds)
    yield Row(dim(f"{'exercise':{width}}{columns}  codes  median s  most s"))
    for path, of_path in by_exercise.items():
        cells = "".join(f"  {_counted(of_path, kind):>{_width(kind)}}" for kind in kinds)
        codes = {proved.case.code for proved in of_path} - {""}
        seconds = [proved.seconds for proved in of_path]
        yield Row(f"{path:{width}}{cells}  {len(codes):>5}  {median(seconds):>8.1f}  {max(seconds):>6.1f}")


def _summed_up(proven: Proven) -> Row:
    verdicts, unsteady = len(proven.proofs), len(proven.unsteady)
    swayed = f" {unsteady} unsteady; {proven.may_be_unsteady} may be." if unsteady else ""
    if proven.red or proven.problems:
        counted = f": {len(proven.red)} of {verdicts} verdicts are not as expected, {len(proven.problems)} problems."
        return Row((bad("Not proven"), counted + swayed))
    if not proven.is_proven:
        return Row((bad("Not proven"), f": {verdicts} verdicts, none red, but{swayed}"))
    return Row((good("Proven"), f": {verdicts} verdicts, {'the others' if unsteady else 'each'} as expected.{swayed}"))


def _proof(proved: Proof, *, is_told: bool = False) -> Iterator[Row]:
    case = proved.case
    seconds = "cached" if proved.is_cached else f"{proved.seconds:.1f} s"
    name = f"{case.exercise.name} · {f'alone {case.alone}' if case.alone else f'{case.kind} {case.name}'}".rstrip()
    yield Row(name, label=_symbol(proved), label_columns=2, right=dim(seconds))
    if proved.is_right:
        return
    if is_told:
        yield _told("seen", "broken, as told above")
        return
    told = {"expected": case.expected, "seen": proved.seen, "said": proved.said, "run": str(proved.run or "")}
    if proved.is_broken:  # there is no other verdict to hold against the expected one
        told = {"seen": proved.seen, "run": told["run"]}
    if proved.is_unsteady:
        told["seen"] += " (once, and then as expected: unsteady)"
    for label, text in told.items():
        if text:
            yield _told(label, text)


def _symbol(proved: Proof) -> Piece:
    if proved.is_unsteady:
        return bad(CURRENT)
    return good(PASSED) if proved.is_right else bad(FAILED)


def _told(label: str, text: str) -> Row:
    return Row(text, label=dim(label), label_columns=10, indent=4)


def _by_exercise(proofs: Sequence[Proof]) -> dict[str, list[Proof]]:
    by_exercise: dict[str, list[Proof]] = defaultdict(list)
    for proved in proofs:
        by_exercise[proved.case.exercise.path].append(proved)
    return by_exercise


def _counted(proofs: Sequence[Proof], kind: str) -> str:
    of_kind = [proved for proved in proofs if kind == ("alone" if proved.case.alone else proved.case.kind)]
    return f"{sum(proved.is_right for proved in of_kind)}/{len(of_kind)}"


def _width(column: str) -> int:
    return max(len(column), 5)
