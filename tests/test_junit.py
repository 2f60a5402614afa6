"""JUnit reports: every outcome finds its element, and a broken grader never reads as green."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from course.grading.junit import to_xml
from course.model import CheckResult, Finding, Outcome, SourceLine, Verdict


def suite_of(*results: CheckResult, outcome: Outcome = Outcome.FAILED, reason: str = "") -> ET.Element:
    verdict = Verdict("stage_1/toy", outcome, results, 1.5, Path("0001"), reason)
    found = ET.fromstring(to_xml([verdict])).find("testsuite")  # noqa: S314  # our own output
    assert found is not None
    return found


def test_each_check_is_a_case_under_its_sentence() -> None:
    suite = suite_of(CheckResult("test_a", "It answers", Outcome.PASSED, 0.25), outcome=Outcome.PASSED)
    (case,) = suite.findall("testcase")
    assert (case.get("name"), case.get("classname"), case.get("time")) == ("It answers", "stage_1/toy", "0.250")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", "0", "0")


def test_a_failure_carries_the_diagnosis_and_the_line() -> None:
    finding = Finding("all-slots-busy", "two at once", "one at a time", SourceLine("shop/views.py", 14))
    failure = suite_of(CheckResult("test_a", "It answers", Outcome.FAILED, finding=finding)).find("testcase/failure")
    assert failure is not None
    assert failure.get("type") == "all-slots-busy"
    assert "where: shop/views.py:14" in (failure.text or "")


def test_a_skipped_check_says_why() -> None:
    skipped = suite_of(CheckResult("test_a", "A", Outcome.SKIPPED, reason="needs: It answers")).find("testcase/skipped")
    assert skipped is not None
    assert skipped.get("message") == "needs: It answers"


def test_a_grader_that_broke_between_the_checks_is_an_error() -> None:
    suite = suite_of(CheckResult("test_a", "A", Outcome.PASSED), outcome=Outcome.BROKEN, reason="no report")
    assert (suite.get("tests"), suite.get("errors")) == ("2", "1")
    assert suite.find("testcase/error") is not None


def test_control_characters_that_xml_cannot_hold_are_replaced() -> None:
    finding = Finding("server-error", "an answer", "\x00\x1b[31mred\ud800")
    xml = to_xml([Verdict("s/t", Outcome.FAILED, (CheckResult("a", "A", Outcome.FAILED, finding=finding),), 1, Path())])
    ET.fromstring(xml.encode())  # noqa: S314  # our own output
