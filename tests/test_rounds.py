"""What is graded again, how often, and what it comes to; with a grader that is told what to say."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from course.authors.proving import PASSES, STEADY, Case, Proof, summed_up
from course.authors.rounds import TRIES_AGAIN, Rounds
from course.model import Exercise

TOY = Exercise("stage_1", "toy", "Toy", written=True)


def case(name: str, kind: str = "wrong") -> Case:
    """A case of the toy."""
    return Case(TOY, kind, name) if kind == "right" else Case(TOY, kind, name, "test_x", "code")


class Grader:
    """Says for each case what it is told to, one word a grading, and the expected one from then on."""

    def __init__(self, says: dict[str, list[str]], folder: Path) -> None:
        self._says = says
        self._folder = folder
        self._lock = threading.Lock()
        self.graded: list[str] = []
        self.again: Counter[str] = Counter()

    def grade(self, case: Case, again: bool) -> Proof:
        """One grading; one that is wrong keeps its run."""
        with self._lock:
            self.graded.append(case.name)
            self.again[case.name] += again
            words = self._says.get(case.name, [])
            seen = words.pop(0) if words else case.expected
            run = self._folder / str(len(self.graded)) / "run"
        if seen == case.expected:
            return Proof(case, seen, 0.1)
        run.mkdir(parents=True)
        return Proof(case, seen, 0.1, run=run)


def prove(cases: Sequence[Case], grader: Grader, jobs: int = 1) -> list[Proof]:
    """All proofs."""
    return list(Rounds(cases, grader.grade).proofs(jobs, stop=lambda: None))


@pytest.mark.parametrize("jobs", [1, 4])
def test_proofs_come_in_the_cases_order(tmp_path: Path, jobs: int) -> None:
    cases = [case(str(n)) for n in range(20)]
    proofs = prove(cases, Grader({"3": ["test_x: other"]}, tmp_path), jobs)
    assert [proof.case for proof in proofs] == cases


def test_a_mistake_that_met_another_verdict_once_is_unsteady(tmp_path: Path) -> None:
    grader = Grader({"odd": ["test_x: other"]}, tmp_path)
    (proof,) = prove([case("odd")], grader)
    assert proof.is_unsteady
    assert (proof.is_red, proof.seen) == (False, "test_x: other")
    assert grader.again["odd"] == TRIES_AGAIN
    assert proof.run is not None
    assert proof.run.is_dir()


def test_a_mistake_that_met_another_verdict_twice_is_red_and_is_graded_no_further(tmp_path: Path) -> None:
    grader = Grader({"odd": ["test_x: other", "test_x: code", PASSES]}, tmp_path)
    (proof,) = prove([case("odd")], grader)
    assert (proof.is_unsteady, proof.is_red, proof.seen) == (False, True, "test_x: other")
    assert grader.again["odd"] == 2
    assert [path.parent.name for path in tmp_path.glob("*/run")] == ["1"]  # the first one's alone is kept


def test_it_is_graded_again_before_what_still_waits(tmp_path: Path) -> None:
    grader = Grader({"odd": [PASSES]}, tmp_path)
    prove([case("odd"), case("next")], grader)
    assert grader.graded == ["odd"] * (1 + TRIES_AGAIN) + ["next"]


@pytest.mark.parametrize("kind", ["right", "scaffold"])
def test_a_right_solution_or_scaffold_refused_once_is_red(tmp_path: Path, kind: str) -> None:
    grader = Grader({"odd": ["test_x: other"]}, tmp_path)
    (proof,) = prove([case("odd", kind)], grader)
    assert proof.is_red
    assert grader.again["odd"] == 0


def test_a_case_that_cannot_be_graded_is_red_at_once(tmp_path: Path) -> None:
    grader = Grader({"odd": ["broken: no check"]}, tmp_path)
    (proof,) = prove([case("odd")], grader)
    assert proof.is_red
    assert grader.again["odd"] == 0


def test_what_a_grading_raises_ends_the_others_and_is_raised(tmp_path: Path) -> None:
    stopped = []

    def grade(case: Case, again: bool) -> Proof:  # noqa: ARG001
        raise LookupError(case.name)

    with pytest.raises(LookupError, match="0"):
        list(Rounds([case(str(n)) for n in range(9)], grade).proofs(1, stop=lambda: stopped.append(True)))
    assert stopped
    assert not list(tmp_path.iterdir())


def test_one_unsteady_verdict_in_so_many_is_borne_with_unless_strict(tmp_path: Path) -> None:
    (odd,) = prove([case("odd")], Grader({"odd": [PASSES]}, tmp_path))
    steady = [Proof(case("steady"), "test_x: code", 0.1)] * (STEADY - 2)
    assert not summed_up([*steady, odd], []).is_proven
    assert summed_up([*steady, steady[0], odd], []).is_proven
    assert not summed_up([*steady, odd, odd], []).is_proven
    assert not summed_up([*steady, steady[0], odd], [], strict=True).is_proven
    assert not summed_up(steady, ["a problem"]).is_proven
