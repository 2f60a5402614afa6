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
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

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
    overlay: Path | None
    expected: str  # PASSES, or "check: code" with " at file:line" where that matters
    expected_where: str = ""


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
    untouched = Case(exercise, "scaffold", "", None, f"{exercise.first_check}: {exercise.first_code}")
    solutions = places.solutions(exercise.path)
    right = [Case(exercise, "right", path.name, path, PASSES) for path in _folders(solutions / "right")]
    wrong = [_wrong(exercise, path) for path in _folders(solutions / "wrong")]
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
        if cache and (seconds := cache.seconds(case.exercise.path, case.overlay)) is not None:
            return Proof(case, case.expected, seconds, is_cached=True)
        proof = _prove(places, case)
        if cache and proof.is_right:
            cache.keep(case.exercise.path, case.overlay, proof.seconds)
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
        scaffold.issue(places, case.exercise, project)
        if case.overlay:
            scaffold.overlay(case.overlay, project)
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
    if not case.expected_where:
        return seen
    place = failure.finding.where
    at = "nowhere" if place is None else f"{place.file}:{place.line}"
    # A case may name the file alone.
    is_there = case.expected_where in (at, at.rpartition(":")[0])
    return f"{seen} at {case.expected_where if is_there else at}"


def _wrong(exercise: Exercise, folder: Path) -> Case:
    path = folder / "expect.toml"
    try:
        expect = tomllib.loads(path.read_text(encoding="utf-8"))
        expected, where = f"{expect['check']}: {expect['code']}", str(expect.get("where", ""))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise CourseBug(f"{path}: {error}") from error
    except KeyError as error:
        raise CourseBug(f"{path}: key {error} is missing") from error
    case = Case(exercise, "wrong", folder.name, folder, expected)
    return replace(case, expected=f"{expected} at {where}", expected_where=where) if where else case


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
