"""Facts of a run stand in its hints: filled where they are known, and never missing from a new finding."""

from __future__ import annotations

from pathlib import Path

from course.grading import verdicts
from course.model import CheckResult, Finding, Outcome, SourceLine
from course.shared.facts import filled, known_of, named_in
from course.shared.wire import result_from
from tests.grading import SHARED_HINTS, grade
from tests.test_checking import only

HINT = "All {{ workers }} are busy: `conf = {'workers': {{ workers }}}` in {{ file }}, line {{ line }}."
BUSY = Finding("busy", "w", "s", SourceLine("gunicorn.conf.py", 4), facts={"workers": 3})
FAILS = "from checker.harness.findings import fail; fail('busy', wanted='w', saw='s', facts={facts})"


def test_a_hint_is_filled_with_what_its_finding_knows() -> None:
    assert named_in([HINT]) == {"workers", "file", "line"}
    told = "All 3 are busy: `conf = {'workers': 3}` in gunicorn.conf.py, line 4."
    assert filled(HINT, known_of(BUSY)) == told


def test_a_fact_that_an_older_run_does_not_know_leaves_its_name() -> None:
    assert filled("All {{ workers }} are busy.", {}) == "All workers are busy."


def test_code_in_a_hint_is_no_fact() -> None:
    assert not named_in(['send_json({"op": "say"})', "f'{{x}}'", "{{ Not-One }}"])


def grade_with_hint(tmp_path: Path, facts: str) -> CheckResult:
    """The result of a check that fails with these facts, where its first hint uses `workers`."""
    hints = '[busy]\nhints = ["All {{ workers }} are busy.", "b", "c"]\n'
    shared = {"exercises/hints.toml": SHARED_HINTS["exercises/hints.toml"] + hints}
    return grade(tmp_path, {}, suite=only(FAILS.replace("{facts}", facts)), shared=shared).results[0]


def test_a_finding_carries_its_facts_to_the_verdict(tmp_path: Path) -> None:
    result = grade_with_hint(tmp_path, "{'workers': 3, 'name': 'ada'}")
    assert result.finding is not None
    assert result.finding.facts == {"workers": 3, "name": "ada"}
    kept = verdicts.read(tmp_path / "run")
    assert kept is not None
    assert kept.results[0] == result


def test_a_finding_that_lacks_a_fact_of_its_hints_is_our_bug(tmp_path: Path) -> None:
    result = grade_with_hint(tmp_path, "{}")
    told = "checker/stage_1/toy/test_toy.py: test_one gives 'busy', whose hints use a fact that it lacks: workers"
    assert (result.outcome, result.reason) == (Outcome.BROKEN, told)


def test_a_finding_of_the_version_before_is_read_without_facts() -> None:
    finding = {"code": "busy", "wanted": "w", "saw": "s", "where": None, "next": ""}
    body = {"id": "test_x", "sentence": "It answers", "outcome": "failed", "seconds": 1, "finding": finding}
    result = result_from({**body, "reason": "", "timeline": None})
    assert result.finding == Finding("busy", "w", "s")
