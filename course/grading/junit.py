"""Verdicts as JUnit XML, for tools that collect test reports: a suite for each exercise, a case for each check."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from course.errors import UsageError
from course.files import replace_file
from course.model import CheckResult, Outcome, Verdict


def must_be_writable(path: Path) -> None:
    """Raises UsageError before a long run, not after it, when no file can be made there."""
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(f"{path} is no place for a report.", "Name a file in a folder that exists.")


def save(path: Path, verdicts: Sequence[Verdict]) -> None:
    """Write the report, whole. Raises MachineLacks or UsageError where the disk refuses."""
    replace_file(path, to_xml(verdicts).encode(errors="replace"))


def to_xml(verdicts: Sequence[Verdict]) -> str:
    """The whole file. A case's name is the check's sentence; a failure's type is its diagnosis code."""
    suites = ET.Element("testsuites", name="learn-asgi")
    for verdict in verdicts:
        suites.append(_suite(verdict))
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _suite(verdict: Verdict) -> ET.Element:
    outcomes = [result.outcome for result in verdict.results]
    suite = ET.Element(
        "testsuite",
        name=verdict.exercise,
        time=f"{verdict.seconds:.3f}",
        failures=str(outcomes.count(Outcome.FAILED)),
        skipped=str(outcomes.count(Outcome.SKIPPED)),
    )
    for result in verdict.results:
        suite.append(_case(verdict.exercise, result))
    errors = [outcome for outcome in outcomes if outcome in (Outcome.BROKEN, Outcome.INCONCLUSIVE)]
    if verdict.outcome is Outcome.BROKEN and Outcome.BROKEN not in outcomes:
        # The grader itself broke, between the checks: that must not read as a suite without failures.
        case = ET.SubElement(suite, "testcase", name="The checks run to their end", classname=verdict.exercise)
        _add(case, "error", verdict.reason, "broken")
        errors.append(Outcome.BROKEN)
    suite.set("errors", str(len(errors)))
    suite.set("tests", str(len(suite)))
    return suite


def _case(exercise: str, result: CheckResult) -> ET.Element:
    case = ET.Element("testcase", name=_legal(result.sentence), classname=exercise, time=f"{result.seconds:.3f}")
    finding = result.finding
    match result.outcome:
        case Outcome.FAILED if finding is not None:
            where = f"\nwhere: {finding.where.file}:{finding.where.line}" if finding.where else ""
            text = f"wanted: {finding.wanted}\nsaw: {finding.saw}{where}"
            _add(case, "failure", finding.saw, finding.code, text)
        case Outcome.FAILED:
            _add(case, "failure", result.reason, "failed")
        case Outcome.SKIPPED:
            _add(case, "skipped", result.reason)
        case Outcome.BROKEN | Outcome.INCONCLUSIVE:
            _add(case, "error", result.reason, result.outcome.value)
    return case


def _add(case: ET.Element, tag: str, message: str, kind: str = "", text: str = "") -> None:
    element = ET.SubElement(case, tag, message=_legal(message))
    if kind:
        element.set("type", kind)
    element.text = _legal(text) or None


def _legal(text: str) -> str:
    """Without the control characters that XML 1.0 has no way to write; a server may have printed some."""
    return "".join(character if character in "\n\t" or character.isprintable() else "�" for character in text)
