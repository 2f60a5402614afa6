"""Waiting by looking: until it is so, until the deadline, or until it can come true no more."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import pytest

from checker.harness.waiting import wait_until

DEADLINE_S = 20


@dataclass
class Looks:
    """A condition that answers with these, one look after the other; the last one stays."""

    answers: list[object]
    taken: list[object] = field(default_factory=list)

    def __call__(self) -> object:
        """One look."""
        self.taken.append(self.answers[min(len(self.taken), len(self.answers) - 1)])
        return self.taken[-1]


@dataclass
class Ends:
    """Something that ends after so many looks at it."""

    after: int

    def wait(self, deadline_s: float) -> int | None:
        """As `Process.wait`, at once."""
        assert deadline_s < DEADLINE_S
        self.after -= 1
        return 0 if self.after < 0 else None


def test_the_first_true_answer_is_returned_and_nobody_looks_again() -> None:
    looks = Looks([0, None, "there", "later"])
    assert wait_until(looks, DEADLINE_S, every_s=0.001) == "there"
    assert looks.taken == [0, None, "there"]


def test_what_is_so_already_is_not_waited_for() -> None:
    began_s = time.monotonic()
    assert wait_until(lambda: True, DEADLINE_S, every_s=DEADLINE_S)
    assert time.monotonic() - began_s < DEADLINE_S / 2


def test_at_the_deadline_the_last_answer_is_returned() -> None:
    assert wait_until(Looks([None, []]), 0.05, every_s=0.01) == []


@pytest.mark.parametrize(("answers", "found"), [([False, False, True], True), ([False], False)])
def test_it_is_looked_at_once_more_when_the_process_has_ended(answers: list[object], *, found: bool) -> None:
    looks = Looks(answers)
    assert wait_until(looks, DEADLINE_S, unless_ended=Ends(after=1)) is found
    assert len(looks.taken) == 3


def test_a_deadline_that_is_over_still_has_one_look_and_a_last_one() -> None:
    looks = Looks([False])
    assert wait_until(looks, 0.0, every_s=0.001) is False
    assert len(looks.taken) == 2
