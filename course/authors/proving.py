"""`learn dev check`: proves the graders on the catalogue.

Each right solution must pass, each wrong one must fail at its check with its code, and the untouched scaffold with
the finding a beginner needs first; and all of that again beside busy processes. On the reference each check must pass
with what it needs and nothing else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from course.authors import mistakes
from course.authors.mistakes import Mistake
from course.authors.proof_cache import ProofCache
from course.authors.rounds import Rounds
from course.content import catalogue, scaffold, suites
from course.content.places import Places
from course.errors import CourseBug
from course.grading import checking
from course.grading.forge import Forge
from course.model import Exercise, Outcome, Verdict

# A busy process that ends with its parent, even when the parent is killed outright.
BUSY = "import os; parent = os.getppid()\nwhile os.getppid() == parent: sum(range(100_000))"
PASSES = "passes"
# One unsteady verdict is borne with in so many.
STEADY = 200


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
    alone: str = ""  # the one check to run, with what it needs; "" runs all

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
    """What came of a case. `seen` reads as `Case.expected` does; `run` is there to look into when they differ.

    Unsteady is a mistake that met another verdict once, told here, and then its own again and again; and what was
    inconclusive once, and right then.
    """

    case: Case
    seen: str
    seconds: float
    is_cached: bool = False
    said: str = ""
    run: Path | None = None
    is_unsteady: bool = False

    @property
    def is_right(self) -> bool:
        """Whether the grader said what it had to say."""
        return self.seen == self.case.expected

    @property
    def is_broken(self) -> bool:
        """Whether there is no verdict, since the case or its checks cannot be run: a fault of an author's file."""
        return self.seen.startswith(f"{Outcome.BROKEN}: ")

    @property
    def is_inconclusive(self) -> bool:
        """Whether the machine was too busy to judge."""
        return self.seen.startswith(f"{Outcome.INCONCLUSIVE}: ")

    @property
    def is_red(self) -> bool:
        """Whether it is neither right nor excused."""
        return not self.is_right and not self.is_unsteady

    @property
    def is_doubtful(self) -> bool:
        """Whether it has to be graded again: a mistake that met another verdict than its own."""
        return self.case.kind == "wrong" and not self.is_right and not self.is_broken


@dataclass(frozen=True, slots=True)
class Proven:
    """What came of all cases, and the problems of the course's files. So many verdicts may be unsteady."""

    proofs: tuple[Proof, ...]
    problems: tuple[str, ...]
    may_be_unsteady: int

    @property
    def unsteady(self) -> tuple[Proof, ...]:
        """The mistakes that came out differently under the same load."""
        return tuple(proof for proof in self.proofs if proof.is_unsteady)

    @property
    def red(self) -> tuple[Proof, ...]:
        """What is neither as expected nor excused."""
        return tuple(proof for proof in self.proofs if proof.is_red)

    @property
    def is_proven(self) -> bool:
        """Whether nothing has to be mended."""
        return not self.problems and not self.red and len(self.unsteady) <= self.may_be_unsteady


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
    jobs: int | None = None,
    fresh: bool = False,
    whole: bool = False,
    cold: bool = False,
    tell: Callable[[Proof], None] = lambda _: None,
) -> tuple[Proof, ...]:
    """Grade each case `repeat` times beside `load` busy processes, `jobs` at a time; `tell` hears each as it ends.

    A case that must fail ends with its first failure, unless `whole`. Servers are forked from a Python that has
    imported Django (Linux), unless `cold`: then each is started as by `learn check`. A single run without load is taken
    from the cache when nothing that could change it has changed (unless `fresh`).
    """
    cache = ProofCache(places) if repeat == 1 and not load and not fresh else None
    forge = Forge(is_warm=not cold)
    how = ["cold"] if cold else []

    def grade(case: Case, again: bool) -> Proof:
        variant = " ".join([case.alone, *how, *(["whole"] if whole and case.expected != PASSES else [])])
        known = None if again or not cache else cache.seconds(case.exercise.path, case.content(places), variant)
        if known is not None:
            return Proof(case, case.expected, known, is_cached=True)
        only = _deciding(places, case, is_all=whole or again)
        ends_early = case.expected != PASSES and not whole
        proof = _prove(places, case, forge, only=only, ends_early=ends_early)
        if proof.is_inconclusive:  # no verdict on the work: tried once more, as `learn check` does, and told
            second = _prove(places, case, forge, only=only, ends_early=ends_early)
            proof = replace(proof, is_unsteady=True) if second.is_right else second
        if cache and proof.is_right and not again:
            cache.keep(case.exercise.path, case.content(places), proof.seconds, variant)
        return proof

    proofs = []
    rounds = Rounds(list(chosen) * repeat, grade)
    with _busy(load), forge, closing(rounds.proofs(jobs or default_jobs(), stop=forge.close)) as coming:
        for proof in coming:
            tell(proof)
            proofs.append(proof)
    return tuple(proofs)


def summed_up(proofs: Sequence[Proof], problems: Sequence[str], *, strict: bool = False) -> Proven:
    """What all of it comes to; `strict` bears with no unsteady verdict."""
    return Proven(tuple(proofs), tuple(problems), 0 if strict else len(proofs) // STEADY)


def _deciding(places: Places, case: Case, *, is_all: bool) -> Sequence[str]:
    """The checks that a case is graded by; none means all. For a mistake its own, and those that stand before it.

    Then nothing is started, side by side with them, for the others. One that passes them is graded again by all.
    """
    if case.alone:
        return [case.alone]
    if is_all or case.kind != "wrong":
        return ()
    names = list(suites.checks(places.suite(case.exercise.path)))
    return names[: names.index(case.check) + 1] if case.check in names else ()


def _prove(places: Places, case: Case, forge: Forge, *, only: Sequence[str], ends_early: bool) -> Proof:
    folder = Path(tempfile.mkdtemp(prefix="learn-prove-"))
    proof: Proof | None = None
    try:
        project, run = folder / "project", folder / "run"
        run.mkdir()
        try:
            case.lay(places, project)
            catalogue.hints(places, case.exercise.path)  # the grader is told their codes, and a fault in them is no bug
        except CourseBug as bug:  # a right solution has changed under its mistakes: the others are still to be proven
            return Proof(case, f"{Outcome.BROKEN}: {bug.wrong}", 0.0)
        started_at = time.monotonic()
        with checking.start(places, case.exercise, project=project, run=run, only=only, forge=forge) as grading:
            for _ in grading.events():
                if ends_early and grading.is_decided:
                    grading.cut()
                    break
        proof = Proof(case, _seen(grading.verdict, case), time.monotonic() - started_at)
        # What was not expected may happen once in a thousand runs: its record is all there is to learn from.
        return proof if proof.is_right else replace(proof, said=_said(grading.verdict), run=run)
    finally:
        if proof is None or proof.is_right:
            shutil.rmtree(folder, ignore_errors=True)


def _said(verdict: Verdict) -> str:
    failure = verdict.first_failure
    return failure.finding.saw if failure and failure.finding else ""


def _seen(verdict: Verdict, case: Case) -> str:
    if verdict.outcome is Outcome.PASSED:
        return PASSES
    failure = verdict.first_failure
    if verdict.outcome is not Outcome.FAILED or failure is None or failure.finding is None:
        reason = verdict.reason or next((r.reason for r in verdict.results if r.reason), "")
        first_line, *_traceback = reason.splitlines() or [""]
        return f"{verdict.outcome}: {first_line}"
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
