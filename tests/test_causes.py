"""A check file that cannot be run: one line says which of the author's files, which line, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.content.places import Places
from course.grading import checking
from course.model import Outcome, Verdict
from tests.grading import TOY, lay

FILE = "checker/stage_1/toy/test_toy.py"
SUITE = '''"""Checks of a toy."""
from checker.harness.suite import needs

def test_one():
    """One."""

@needs("test_one")
def test_two():
    """Two."""

@needs("test_two")
def test_three():
    """Three."""

def test_four():
    """Four."""
'''
FAULTS = {
    "a needed check that does not exist": ('@needs("test_one")', '@needs("test_on")', ":7: test_two needs 'test_on', "),
    "a missing docstring": ('"""Four."""', "pass", ":15: test_four has no docstring"),
    "a syntax error": ("def test_four():", "def test_four(:", ":15: SyntaxError: "),
    "an import that fails": ("import needs", "import need", ":2: ImportError: cannot import name 'need'"),
    "an error while it is read": ("def test_four", "NAMES = [][0]\n\ndef test_four", ":15: IndexError: list index"),
    "no check at all": (SUITE, '"""Nothing."""', "the check file holds no check"),
}


def grade(tmp_path: Path, suite: str, *only: str, shared: str = "") -> Verdict:
    """The verdict of such a check file, and of the fixtures that go with it."""
    files = {FILE: suite, **({"checker/stage_1/toy/fixtures.py": shared} if shared else {})}
    run = tmp_path / "run"
    run.mkdir()
    places = Places(lay(tmp_path / "rooms", files))
    with checking.start(places, TOY, project=lay(tmp_path / "project", {}), run=run, only=only) as grading:
        for _ in grading.events():
            pass
    return grading.verdict


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_a_check_file_is_one_line(tmp_path: Path, fault: str) -> None:
    old, new, told = FAULTS[fault]
    assert old in SUITE
    verdict = grade(tmp_path, SUITE.replace(old, new))
    assert verdict.outcome is Outcome.BROKEN
    assert verdict.results == ()
    assert (FILE + told if told.startswith(":") else told) in verdict.reason
    assert len(verdict.reason.splitlines()) == 1


def test_a_fixture_that_does_not_exist_is_named_with_who_asks(tmp_path: Path) -> None:
    verdict = grade(tmp_path, SUITE.replace("test_four()", "test_four(gaet)"))
    assert verdict.reason.splitlines()[0] == f"{FILE}:15: fixture 'gaet' is not known"


def test_an_error_inside_a_check_is_told_with_the_authors_line(tmp_path: Path) -> None:
    verdict = grade(tmp_path, SUITE.replace('"""Four."""', '"""Four."""\n    from pathlib import Path; Path(3)'))
    assert verdict.reason.startswith(f"{FILE}:17: TypeError: ")
    assert "Traceback" not in verdict.reason.splitlines()[0]


def test_an_error_in_the_shared_fixtures_is_told(tmp_path: Path) -> None:
    verdict = grade(tmp_path, SUITE, shared='"""Fixtures."""\nimport nosuch\n')
    assert verdict.reason == "checker/stage_1/toy/fixtures.py:2: ModuleNotFoundError: No module named 'nosuch'"


def test_the_whole_traceback_stands_in_the_graders_log(tmp_path: Path) -> None:
    grade(tmp_path, SUITE.replace("import needs", "import need"))
    assert "Traceback" in (tmp_path / "run" / "grader.log").read_text()


# --- only some of the checks ---


def test_only_the_named_checks_run_with_all_that_they_need(tmp_path: Path) -> None:
    verdict = grade(tmp_path, SUITE, "test_three")
    assert verdict.outcome is Outcome.PASSED
    assert [r.id for r in verdict.results] == ["test_one", "test_two", "test_three", "nothing_is_left_running"]


def test_several_named_checks_run_in_the_suites_order(tmp_path: Path) -> None:
    verdict = grade(tmp_path, SUITE, "test_four", "test_one")
    assert [r.id for r in verdict.results] == ["test_one", "test_four", "nothing_is_left_running"]


def test_a_check_that_does_not_exist_is_told_with_those_that_do(tmp_path: Path) -> None:
    verdict = grade(tmp_path, SUITE, "test_fore")
    assert verdict.outcome is Outcome.BROKEN
    assert verdict.reason == "there is no check 'test_fore'; there are: test_one, test_two, test_three, test_four"
