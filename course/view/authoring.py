"""For authors: what `dev new` made, all of one exercise, and the proof of the graders as it comes.

`learn dev check --json` prints one object a line, version 1, the problems of the course's files first:

    {"v": 1, "event": "problem", "problem": "stage_2/blocking_problem: lesson.md has 212 words; ..."}
    {"v": 1, "event": "proof", "exercise": "stage_2/blocking_problem", "kind": "wrong", "name": "more_threads",
     "expected": "test_x: code", "seen": "test_x: code", "right": true, "seconds": 3.2, "cached": false}
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from course.authors.dossier import Dossier
from course.authors.promises import Promise
from course.authors.proving import Proof
from course.authors.saving import Saved
from course.model import Exercise
from course.view.rows import BLANK, FAILED, PASSED, Block, Row, bad, dim, good
from course.view.screens import Screen

JSON_VERSION = 1
CASE_COLUMNS = 30
PROMISE_COLUMNS = 16


def made(files: Sequence[Path]) -> Iterator[Row]:
    """The files of a new exercise."""
    for at, file in enumerate(files):
        yield Row(str(file), label=dim("Made") if at == 0 else " ", label_columns=7)
    yield BLANK
    yield Row("learn dev check", label=dim("Then"), label_columns=7)


def dossier(shown: Dossier) -> Iterator[Row]:
    """The facts, files and solutions of one exercise."""
    exercise = shown.exercise
    yield Row(exercise.title, right=exercise.path)
    yield BLANK
    yield _labelled("Goal", exercise.goal)
    yield _labelled("Servers", ", ".join(exercise.servers) or "none")
    yield _labelled("Limit", f"{exercise.time_limit_s:.0f} s, for a learner of {exercise.minutes} minutes")
    yield BLANK
    for case in shown.cases:
        name = f"{case.kind} {case.name}".strip()
        yield Row(dim(case.expected), label=name, label_columns=CASE_COLUMNS)
        if case.why:
            yield Row(case.why, label=" ", label_columns=CASE_COLUMNS)
    yield BLANK
    if shown.promises:
        yield from _promises(shown.promises)
        yield BLANK
    for file in shown.files:
        yield Row(file.as_posix())


def _promises(promises: Sequence[Promise]) -> Iterator[Row]:
    """Each promise with what breaks it, by its sides."""
    for promise in promises:
        yield Row(promise.text, label=promise.name, label_columns=PROMISE_COLUMNS)
        for side, mistake in promise.broken_by:
            yield Row(mistake, label=dim(f"/{side}" if side else "-"), label_columns=CASE_COLUMNS, indent=2)
        if not promise.broken_by:
            yield Row("no mistake breaks it", label=bad(FAILED), label_columns=2, indent=2)


def laid_out(exercise: Exercise, name: str, folder: Path, laid: str) -> Iterator[Row]:
    """A mistake's project, to try and to edit."""
    yield Row(f"{folder}: the scaffold, {laid}", label=dim("Made"), label_columns=7)
    yield BLANK
    yield Row(f"learn dev mistake {exercise.name} {name} {folder} --save", label=dim("Then"), label_columns=7)


def saved(done: Saved) -> Iterator[Row]:
    """A mistake's diff: what it changes, and what is still to fill in."""
    yield Row(str(done.path), label=dim("Saved"), label_columns=7)
    for file, removed, added in done.changed:
        yield Row(f"{file}: -{removed} +{added} on right/{done.on}", label=" ", label_columns=7)
    if done.unfilled:
        yield BLANK
        yield Row(f"Its first lines want {', '.join(done.unfilled)}.", label=dim("Then"), label_columns=7)


class Proving:
    """Shows each problem and each proof as it comes, then the table."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def problem(self, sentence: str) -> None:
        """What is wrong with the course's files."""
        self._screen.show([Row(sentence, label=bad(FAILED), label_columns=2)])

    def proof(self, proved: Proof) -> None:
        """One case, as it ends; with what was expected and seen where these differ."""
        self._screen.show(_proof(proved))

    def close(self, proofs: Sequence[Proof], problems: Sequence[str]) -> None:
        """All of it in one table."""
        self._screen.show(table(proofs, problems))


class Lines:
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
                "expected": case.expected,
                "seen": proved.seen,
                "right": proved.is_right,
                "seconds": round(proved.seconds, 3),
                "cached": proved.is_cached,
                "said": proved.said,
                "run": str(proved.run or ""),
            }
        )

    def close(self, proofs: Sequence[Proof], problems: Sequence[str]) -> None:
        """Nothing: every line has been told."""

    def _write(self, body: dict[str, object]) -> None:
        self._screen.show([Block(json.dumps(body, ensure_ascii=False), margin=0)])


def _proof(proved: Proof) -> Iterator[Row]:
    case = proved.case
    seconds = "cached" if proved.is_cached else f"{proved.seconds:.1f} s"
    name = f"{case.exercise.name} · {case.kind} {case.name}".rstrip()
    symbol = good(PASSED) if proved.is_right else bad(FAILED)
    yield Row(name, label=symbol, label_columns=2, right=dim(seconds))
    if proved.is_right:
        return
    told = {"expected": case.expected, "seen": proved.seen, "said": proved.said, "run": str(proved.run or "")}
    for name, text in told.items():
        if text:
            yield Row(text, label=dim(name), label_columns=10, indent=4)


def table(proofs: Sequence[Proof], problems: Sequence[str]) -> Iterator[Row]:
    """Exercise, right and wrong solutions, codes, seconds; what was unexpected once more; one line that sums up."""
    by_exercise: dict[str, list[Proof]] = defaultdict(list)
    for proved in proofs:
        by_exercise[proved.case.exercise.path].append(proved)
    width = max([len(path) for path in by_exercise], default=8)
    yield BLANK
    yield Row(dim(f"{'exercise':{width}}  scaffold  right  wrong  codes  median s  most s"))
    for path, of_path in by_exercise.items():
        cells = [_told(of_path, kind) for kind in ("scaffold", "right", "wrong")]
        codes = {p.case.code for p in of_path if p.case.code}
        seconds = [p.seconds for p in of_path]
        yield Row(
            f"{path:{width}}  {cells[0]:>8}  {cells[1]:>5}  {cells[2]:>5}  {len(codes):>5}"
            f"  {median(seconds):>8.1f}  {max(seconds):>6.1f}"
        )
    unexpected = [proved for proved in proofs if not proved.is_right]
    yield BLANK
    for proved in unexpected:  # hundreds of lines up by now, where they were told first
        yield from _proof(proved)
    if unexpected or problems:
        counted = f": {len(unexpected)} of {len(proofs)} verdicts are not as expected, {len(problems)} problems."
        yield Row((bad("Not proven"), counted))
    else:
        yield Row((good("Proven"), f": {len(proofs)} verdicts, each as expected."))


def _told(proofs: Sequence[Proof], kind: str) -> str:
    of_kind = [proved for proved in proofs if proved.case.kind == kind]
    return f"{sum(proved.is_right for proved in of_kind)}/{len(of_kind)}"


def _labelled(label: str, text: str) -> Row:
    return Row(text, label=dim(label), label_columns=9)
