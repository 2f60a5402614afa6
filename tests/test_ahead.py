"""`ahead`: what a later check asks for is started before its time, and told of in that check alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.model import Outcome
from tests.grading import HELLO, grade

SUITE = '''
"""Checks of a toy."""
import pytest
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.suite import needs

@pytest.fixture(scope="session")
def mirror(gunicorn):
    return gunicorn("app:application", name="mirror")

@pytest.fixture(scope="session")
def refused():
    fail("server-exited", wanted="a server", saw="it is refused")

@pytest.fixture
def started(history):
    return lambda: [event["name"] for event in history.events(EventKind.PROCESS_STARTED)]

def test_a(ahead, started):
    """A."""
    assert started() == []
    ahead(FIXTURE, CHECK)
    assert started() == WANTED

def test_b():
    """B."""
    fail("server-exited", wanted="a server", saw="there is none")

@needs("test_a")
def test_c(mirror, started):
    """C."""
    mirror.expect_ready("/")
    assert started() == ["mirror"]

@needs("test_a")
def test_d(refused):
    """D."""

@needs("test_b")
def test_e(mirror):
    """E."""

def test_f(ahead, started):
    """F."""
    before = started()
    ahead("mirror", "test_e")
    assert started() == before
'''


@pytest.mark.parametrize(
    ("fixture", "check", "started"),
    [
        ("mirror", "test_c", ["mirror"]),
        ("mirror", "test_that_is_not_wanted", []),
        ("refused", "test_d", []),
    ],
)
def test_what_is_started_ahead_is_what_its_check_gets(
    tmp_path: Path, fixture: str, check: str, started: list[str]
) -> None:
    suite = SUITE.replace("FIXTURE", repr(fixture)).replace("CHECK", repr(check)).replace("WANTED", repr(started))
    results = {result.id: result for result in grade(tmp_path, {"app.py": HELLO}, suite=suite).results}
    assert [results[f"test_{letter}"].outcome for letter in "abcdef"] == [
        Outcome.PASSED,
        Outcome.FAILED,
        Outcome.PASSED,
        Outcome.FAILED,
        Outcome.SKIPPED,
        Outcome.PASSED,
    ]
    finding = results["test_d"].finding
    assert finding is not None
    assert finding.saw == "it is refused"
