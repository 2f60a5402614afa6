"""What `learn dev check` prints below its proofs: the table, what is red, what is unsteady, one line."""

from __future__ import annotations

import json
from io import StringIO

import pytest

from course.authors.proving import PASSES, Case, Proof, summed_up
from course.model import Exercise
from course.view import proofs as view
from course.view.screens import Screen
from tests.transcripts import shown

TOY = Exercise("stage_1", "toy", "Toy", written=True)


def wrong(name: str, seen: str = "test_x: code", *, is_unsteady: bool = False) -> Proof:
    """The proof of a mistake."""
    return Proof(Case(TOY, "wrong", name, "test_x", "code"), seen, 1.25, is_unsteady=is_unsteady)


def below(*proofs: Proof, problems: tuple[str, ...] = (), strict: bool = False) -> str:
    """All that is printed at the end."""
    return shown(view.closing(summed_up(proofs, problems, strict=strict)), 100)


def test_all_is_well() -> None:
    text = below(wrong("one"), Proof(Case(TOY, "right", "reference"), PASSES, 0.5))
    assert "scaffold  right  wrong  codes" in text
    assert "0/0    1/1    1/1      1" in text
    assert text.splitlines()[-1].strip() == "Proven: 2 verdicts, each as expected."


def test_what_is_red_is_told_with_what_was_seen() -> None:
    text = below(wrong("one"), wrong("two", "test_x: other"))
    assert "✗ toy · wrong two" in text
    assert "toy · wrong one" not in text
    assert "test_x: other" in text
    assert "Not proven: 1 of 2 verdicts are not as expected, 0 problems." in text


def test_what_is_unsteady_is_told_by_name_and_may_be_too_much() -> None:
    odd = wrong("odd", "test_x: other", is_unsteady=True)
    text = below(wrong("one"), odd)
    assert "▸ toy · wrong odd" in text
    assert "test_x: other (once, and then as expected: unsteady)" in text
    assert "Not proven: 2 verdicts, none red, but 1 unsteady; 0 may be." in text
    many = [wrong(str(n)) for n in range(199)]
    assert "Proven: 200 verdicts, the others as expected. 1 unsteady; 1 may be." in below(*many, odd)
    assert "Not proven" in below(*many, odd, strict=True)


def test_a_cause_that_all_share_is_told_once_and_others_each() -> None:
    reason = "broken: checker/stage_1/toy/test_toy.py:3: no docstring"
    assert below(wrong("one", reason), wrong("two", reason)).count("no docstring") == 1
    assert below(wrong("one", reason), wrong("two")).count("no docstring") == 1
    assert "all 2 cases" not in below(wrong("one", reason), wrong("two"))


@pytest.mark.parametrize("is_unsteady", [True, False])
def test_a_line_of_json_says_whether_it_is_unsteady(*, is_unsteady: bool) -> None:
    written = StringIO()
    view.JsonProofs(Screen(written, 80)).proof(wrong("odd", "test_x: other", is_unsteady=is_unsteady))
    told = json.loads(written.getvalue())
    assert (told["v"], told["unsteady"], told["right"], told["alone"]) == (1, is_unsteady, False, "")
