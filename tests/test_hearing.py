"""What a grader's report comes to: held against the checks that there are, and against what it announced."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.content import suites
from course.grading import hearing, verdicts
from course.model import LEFT_RUNNING, Outcome
from tests.grading import HELLO, SUITE, TOY, grade, lay
from tests.test_checking import living, only

LATE_AFTER_S = 15 - TOY.time_limit_s  # a grader takes a second or two to start, and longer on a busy machine


def test_a_failed_check_skips_what_needs_it_with_a_reason(tmp_path: Path) -> None:
    verdict = grade(tmp_path, {"app.py": "raise ValueError('no')\n"})
    first, second, *_ = verdict.results
    assert (first.outcome, second.outcome) == (Outcome.FAILED, Outcome.SKIPPED)
    assert second.reason == "needs: It answers"


SLOW_START = '''
"""Checks of a toy."""
import pytest, time
from checker.harness.findings import fail

@pytest.fixture
def site():
    time.sleep(1.5)

@pytest.fixture
def dead_site():
    time.sleep(0.5)
    fail("server-exited", wanted="a server", saw="none")

def test_a(site):
    """It answers."""

def test_b(dead_site):
    """It answers, too."""
'''


def test_starting_servers_is_no_part_of_a_checks_time_unless_it_ends_there(tmp_path: Path) -> None:
    first, second, *_ = (verdict := grade(tmp_path, {}, suite=SLOW_START)).results
    assert (first.outcome, second.outcome) == (Outcome.PASSED, Outcome.FAILED)
    assert first.seconds < 1.0
    assert second.seconds >= 0.5
    assert verdict.seconds > 2.0


def test_an_error_of_a_check_is_our_bug(tmp_path: Path) -> None:
    verdict = grade(tmp_path, {}, suite=only("assert 1 == 2"))
    assert verdict.outcome is Outcome.BROKEN
    assert "assert 1 == 2" in verdict.reason


def test_a_finding_without_hints_is_our_bug_and_told_in_a_line(tmp_path: Path) -> None:
    """However the code came about: here it is computed, where no reader of the source would find it."""
    body = "from checker.harness.findings import fail; fail('new' + '-code', wanted='a word', saw='none')"
    verdict = grade(tmp_path, {}, suite=only(body))
    assert verdict.outcome is Outcome.BROKEN
    told = "checker/stage_1/toy/test_toy.py: test_one gives 'new-code', which has no hints in a hints.toml"
    assert (verdict.reason, verdict.results[0].finding) == (told, None)


def test_a_machine_that_lacks_something_skips(tmp_path: Path) -> None:
    verdict = grade(tmp_path, {}, suite=only("raise MachineLacks('no such server', 'install it')"))
    assert verdict.outcome is Outcome.SKIPPED
    assert verdict.results[0].reason == "no such server install it"


def test_a_check_file_without_checks_is_our_bug(tmp_path: Path) -> None:
    verdict = grade(tmp_path, {}, suite='"""Nothing."""\n')
    assert verdict.outcome is Outcome.BROKEN
    assert "no check" in verdict.reason


def test_a_check_file_that_cannot_be_read_is_our_bug(tmp_path: Path) -> None:
    assert grade(tmp_path, {}, suite="import nosuch\n").outcome is Outcome.BROKEN


def test_a_grader_that_dies_is_broken_and_swept_up(tmp_path: Path) -> None:
    suite = SUITE + '\ndef test_die(site):\n    """It dies."""\n    import os\n    os.kill(os.getpid(), 9)\n'
    verdict = grade(tmp_path, {"app.py": HELLO}, suite=suite)
    assert verdict.outcome is Outcome.BROKEN
    assert verdict.reason == "the grader ended without a report"
    assert not living(tmp_path)


def test_a_report_that_is_short_is_broken(tmp_path: Path) -> None:
    suite = only("pass") + '\ndef test_two():\n    """Two."""\n    import pytest\n    pytest.exit("early")\n'
    verdict = grade(tmp_path, {}, suite=suite)
    assert verdict.outcome is Outcome.BROKEN


HANGS = '''
import threading

def test_one():
    """One."""

def test_two():
    """Two."""
    threading.Event().wait()

def test_three():
    """Three."""
'''


def test_the_check_that_runs_when_the_time_is_over_has_failed_by_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "START_GRACE_S", LATE_AFTER_S)
    verdict = grade(tmp_path, {}, suite=HANGS)
    assert verdict.outcome is Outcome.FAILED, verdict.reason
    assert [(result.id, result.outcome) for result in verdict.results] == [
        ("test_one", Outcome.PASSED),
        ("test_two", Outcome.FAILED),
        ("test_three", Outcome.SKIPPED),
        ("nothing_is_left_running", Outcome.SKIPPED),
    ]
    finding = verdict.results[1].finding
    assert finding is not None
    assert finding.code == "time-over"
    assert verdict.results[2].reason == "not run: the time was over"
    assert (kept := verdicts.read(tmp_path / "run")) is not None
    assert kept.results == verdict.results


def test_a_grader_that_hangs_between_checks_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "START_GRACE_S", LATE_AFTER_S)
    verdict = grade(tmp_path, {}, suite="import threading\nthreading.Event().wait()\n")
    assert verdict.outcome is Outcome.BROKEN
    assert verdict.reason == "the checks took longer than 60 s; running: none of them"


def test_a_report_of_other_checks_than_the_check_files_hold_is_broken(tmp_path: Path) -> None:
    """As one would be that is forged, or comes of a check file that was overwritten meanwhile."""
    made = 'def _made():\n    """Two."""\n\nglobals()["test_two"] = _made\n'
    verdict = grade(tmp_path, {}, suite=only("pass") + made)
    assert verdict.outcome is Outcome.BROKEN
    assert verdict.reason == "the grader told of other checks than there are: test_two"


def test_a_report_of_fewer_checks_is_broken(tmp_path: Path) -> None:
    verdict = grade(tmp_path, {}, suite=only("pass") + '\ndef test_two():\n    """Two."""\n\ndel test_two\n')
    assert verdict.outcome is Outcome.BROKEN
    assert verdict.reason == "the grader told of other checks than there are: test_two"


def test_a_check_whose_end_is_told_twice_is_broken(tmp_path: Path) -> None:
    """The first word counts no more than the second: somebody else speaks."""
    body = """
    import gc
    from checker.reporter import Reporter
    from course.model import LEFT_RUNNING, CheckFinished, CheckResult, Outcome
    (reporter,) = (thing for thing in gc.get_objects() if type(thing) is Reporter)
    reporter._tell(CheckFinished(result=CheckResult("test_one", "One", Outcome.PASSED)))
    raise AssertionError
"""
    verdict = grade(tmp_path, {}, suite=f'def test_one():\n    """One."""{body}')
    assert verdict.outcome is Outcome.BROKEN
    assert verdict.reason == "the grader told twice how test_one ended"


def test_what_is_wanted_alone_is_expected_with_what_it_needs(tmp_path: Path) -> None:
    text = """
from checker.harness.suite import needs
FIRST = "test_a"
def test_a(): ...
@needs(FIRST)
def test_b(): ...
@needs("test_b", "test_a")
def test_c(): ...
def test_d(): ...
def helper(): ...
"""
    suite = lay(tmp_path, {"test_1_x.py": text, "test_2_y.py": "def test_e(): ...", "lab.py": "def test_f(): ..."})
    every = ["test_a", "test_b", "test_c", "test_d", "test_e", LEFT_RUNNING]
    assert suites.reported(suite) == {name: number for number, name in enumerate(every, 1)}
    assert suites.reported(suite, ["test_c"]) == {"test_a": 1, "test_b": 2, "test_c": 3, LEFT_RUNNING: 6}
