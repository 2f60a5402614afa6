"""`learn dev check`: proves the graders on the catalogue.

Each right solution must pass, each wrong one must fail at its check with its code, and the untouched scaffold with
the finding a beginner needs first; and all of that again beside busy processes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from course.authors import mistakes
from course.authors.mistakes import Mistake
from course.authors.proof_cache import ProofCache
from course.content import scaffold
from course.content.places import Places
from course.errors import CourseBug
from course.grading import checking
from course.model import Exercise, Outcome, Verdict

# A busy process that ends with its parent, even when the parent is killed outright.
BUSY = "import os; parent = os.getppid()\nwhile os.getppid() == parent: sum(range(100_000))"
PASSES = "passes"


@dataclass(frozen=True, slots=True)
class Case:
    """One project to grade, and what must come of it."""

    exercise: Exercise
    kind: str  # "scaffold", "right" or "wrong"
    name: str
    check: str = ""  # "" when it must pass
    code: str = ""
    expected_where: str = ""
    expected_saw: str = ""
    why: str = ""
    mistake: Mistake | None = None

    @property
    def expected(self) -> str:
        """PASSES, or "check: code" with " at file:line" and " saw 'a part'" where these matter."""
        at = f" at {self.expected_where}" if self.expected_where else ""
        saw = f" saw {self.expected_saw!r}" if self.expected_saw else ""
        return f"{self.check}: {self.code}{at}{saw}" if self.check else PASSES

    def lay(self, places: Places, project: Path) -> None:
        """Make the project. Raises CourseBug where a mistake's diff does not fit."""
        if self.mistake:
            mistakes.lay(places, self.exercise, self.mistake, project)
        elif self.kind == "right":
            mistakes.lay_right(places, self.exercise, self.name, project)
        else:
            scaffold.issue(places, self.exercise, project)

    def content(self, places: Places) -> tuple[Path, ...]:
        """The files and folders that make this case, beside the rooms of its exercise."""
        style = self.mistake.on if self.mistake else self.name
        laid = [self.mistake.path] if self.mistake else []
        return tuple([*laid, places.right(self.exercise.path, style)] if style else laid)


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of a case. `seen` reads as `Case.expected` does; `run` is there to look into when they differ."""

    case: Case
    seen: str
    seconds: float
    is_cached: bool = False
    said: str = ""
    run: Path | None = None

    @property
    def is_right(self) -> bool:
        """Whether the grader said what it had to say."""
        return self.seen == self.case.expected


def cases(places: Places, exercise: Exercise) -> tuple[Case, ...]:
    """The scaffold, then every right and every wrong solution of the catalogue, by name."""
    untouched = Case(exercise, "scaffold", "", exercise.first_check, exercise.first_code)
    right = [Case(exercise, "right", path.name) for path in _folders(places.solutions(exercise.path) / "right")]
    wrong = [
        Case(exercise, "wrong", each.name, each.check, each.code, each.where, each.saw, each.why, each)
        for each in mistakes.of(places, exercise)
    ]
    return (untouched, *right, *wrong)


def prove(
    places: Places,
    chosen: Sequence[Case],
    *,
    repeat: int = 1,
    load: int = 0,
    jobs: int = 2,
    fresh: bool = False,
    tell: Callable[[Proof], None] = lambda _: None,
) -> tuple[Proof, ...]:
    """Grade each case `repeat` times beside `load` busy processes, `jobs` at a time; `tell` hears each as it ends.

    A single run without load is taken from the cache when nothing that could change it has changed (unless `fresh`).
    """
    cache = ProofCache(places) if repeat == 1 and not load and not fresh else None

    def one(case: Case) -> Proof:
        if cache and (seconds := cache.seconds(case.exercise.path, case.content(places))) is not None:
            return Proof(case, case.expected, seconds, is_cached=True)
        proof = _prove(places, case)
        if cache and proof.is_right:
            cache.keep(case.exercise.path, case.content(places), proof.seconds)
        return proof

    proofs = []
    with _busy(load), ThreadPoolExecutor(jobs) as pool:
        for proof in pool.map(one, list(chosen) * repeat):
            tell(proof)
            proofs.append(proof)
    return tuple(proofs)


def _prove(places: Places, case: Case) -> Proof:
    folder = Path(tempfile.mkdtemp(prefix="learn-prove-"))
    proof: Proof | None = None
    try:
        project, run = folder / "project", folder / "run"
        run.mkdir()
        try:
            case.lay(places, project)
        except CourseBug as bug:  # a right solution has changed under its mistakes: the others are still to be proven
            return Proof(case, "cannot be laid out", 0.0, said=bug.wrong)
        started_at = time.monotonic()
        with checking.start(places, case.exercise, project=project, run=run) as grading:
            for _ in grading.events():
                pass
        proof = Proof(case, _seen(grading.verdict, case), time.monotonic() - started_at)
        # What was not expected may happen once in a thousand runs: its record is all there is to learn from.
        return proof if proof.is_right else replace(proof, said=_said(grading.verdict), run=run)
    finally:
        if proof is None or proof.is_right:
            shutil.rmtree(folder, ignore_errors=True)


def _said(verdict: Verdict) -> str:
    failure = verdict.first_failure
    return failure.finding.saw if failure and failure.finding else verdict.reason


def _seen(verdict: Verdict, case: Case) -> str:
    if verdict.outcome is Outcome.PASSED:
        return PASSES
    failure = verdict.first_failure
    if verdict.outcome is not Outcome.FAILED or failure is None or failure.finding is None:
        return f"{verdict.outcome}: {verdict.reason or next((r.reason for r in verdict.results if r.reason), '')}"
    seen = f"{failure.id}: {failure.finding.code}"
    if case.expected_where:
        place = failure.finding.where
        at = "nowhere" if place is None else f"{place.file}:{place.line}"
        # A case may name the file alone.
        is_there = case.expected_where in (at, at.rpartition(":")[0])
        seen += f" at {case.expected_where if is_there else at}"
    if case.expected_saw:
        saw = failure.finding.saw
        seen += f" saw {case.expected_saw if case.expected_saw in saw else saw!r}"
    return seen


def _folders(parent: Path) -> list[Path]:
    # A tool's cache (.ruff_cache) is no solution.
    return sorted(path for path in parent.glob("[!.]*") if path.is_dir())


@contextmanager
def _busy(count: int) -> Iterator[None]:
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def default_jobs() -> int:
    """How many gradings run side by side: three for each processor, since a grading mostly waits for servers."""
    return min(8, 3 * (os.cpu_count() or 1))
