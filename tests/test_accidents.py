"""Accidents of an ordinary machine: each ends in a verdict that is right, and is told to whoever can mend it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from course.content.places import ROOMS
from course.model import Finding, Outcome, Verdict
from tests.grading import HELLO, grade
from tests.odd_files import IN_PLACE_OF_A_FILE, Lay, lay_beside, write_latin

READS_NOTES = '''
from checker.harness.learner_files import expect_toml, text_of, tree_of

def test_the_notes_are_right(project):
    """The notes are right."""
    notes, _ = expect_toml(project, "notes.toml")
    assert notes == {"a": 1}
'''
COPIES = '''
import os
from checker.harness.learner_files import copy_project
from checker.harness.servers.gunicorn import gunicorn as start
from dataclasses import replace

def test_a_copy_answers(stack, run):
    """A copy of the project answers."""
    copy = run.temporary / "copy"
    copy_project(run.project, copy)
    site = stack.start(lambda run: start(replace(run, project=copy), "app:application"))
    assert site.expect_get("/", deadline_s=DEADLINE).text == "hello"
'''
ENDLESS = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] != "/again":
        return [b"hello"]
    return iter(lambda: b"x" * 65536, b"")
"""
OPENS_MANY = """
import os
def application(environ, start_response):
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(300)]
    start_response("200 OK", [("Content-Type", "text/plain")])
    for number in opened:
        os.close(number)
    return [b"hello"]
"""
GRADES = """
import resource, sys
from pathlib import Path
from tests.grading import grade
soft, hard = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
verdict = grade(Path(sys.argv[3]), {"app.py": sys.argv[4]})
print(verdict.outcome, [(r.outcome.value, r.reason or r.finding) for r in verdict.results], verdict.reason)
"""


def finding_of(verdict: Verdict) -> Finding:
    """The first failure's."""
    assert verdict.first_failure is not None, verdict
    assert verdict.first_failure.finding is not None
    return verdict.first_failure.finding


def graded_with_open_files(folder: Path, soft: int, hard: int, app: str) -> str:
    """What a grading of this app came to, in a process that may have so many files open."""
    command = [sys.executable, "-c", GRADES, str(soft), str(hard), str(folder), app]
    done = subprocess.run(command, cwd=ROOMS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("lay", "code"),
    [
        *((lay, "file-missing") for name, lay in IN_PLACE_OF_A_FILE.items() if name in ("missing", "dangling")),
        *((lay, "file-unreadable") for name, lay in IN_PLACE_OF_A_FILE.items() if name in ("pipe", "endless", "large")),
        (write_latin, "file-not-text"),
        (lambda path: path.write_text("a = \n"), "file-not-toml"),
    ],
)
def test_an_odd_file_of_the_learners_is_a_finding(tmp_path: Path, lay: Lay, code: str) -> None:
    (tmp_path / "project").mkdir()
    lay(tmp_path / "project" / "notes.toml")
    finding = finding_of(grade(tmp_path, {}, suite=READS_NOTES))
    assert finding.code == code
    assert finding.where is not None
    assert finding.where.file == "notes.toml"


def test_what_lies_beside_a_right_solution_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    lay_beside(tmp_path / "project")
    verdict = grade(tmp_path, {"app.py": HELLO}, suite=COPIES)
    assert verdict.outcome is Outcome.PASSED, verdict


def test_an_endless_answer_ends_at_a_cap(tmp_path: Path) -> None:
    verdict = grade(tmp_path, {"app.py": ENDLESS})
    assert finding_of(verdict).code == "answer-endless"
    assert "/again" in finding_of(verdict).wanted


def test_a_low_limit_on_open_files_is_raised(tmp_path: Path) -> None:
    assert graded_with_open_files(tmp_path, 256, 4096, OPENS_MANY).startswith("passed ")


def test_where_the_limit_cannot_be_raised_the_machine_is_told_to_lack_open_files(tmp_path: Path) -> None:
    told = graded_with_open_files(tmp_path, 256, 256, OPENS_MANY)
    assert told.startswith("skipped "), told
    assert "lets a process have 256 open" in told


def test_with_few_open_files_a_mistake_is_still_a_mistake(tmp_path: Path) -> None:
    told = graded_with_open_files(tmp_path, 256, 256, "raise ValueError('no')\n")
    assert told.startswith("failed "), told
    assert "import-error" in told


DEPLOYED = '''
def test_it_starts(gunicorn, supervisord, systemd, container, nginx):
    """It starts."""
    START
'''
STARTED_BY = {
    'gunicorn("app:application", config="odd")',
    'supervisord("odd")',
    'systemd("odd")',
    'container("odd")',
    'nginx("odd")',
}


@pytest.mark.parametrize("start", sorted(STARTED_BY))
def test_a_server_is_not_started_on_a_file_that_its_reader_would_wait_for(tmp_path: Path, start: str) -> None:
    (tmp_path / "project").mkdir()
    os.mkfifo(tmp_path / "project" / "odd")
    finding = finding_of(grade(tmp_path, {"app.py": HELLO}, suite=DEPLOYED.replace("START", start)))
    assert finding.code == "file-unreadable"
    assert finding.saw == "odd is a named pipe (FIFO)"


def test_a_configuration_of_gunicorns_in_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    write_latin(tmp_path / "project" / "odd")
    suite = DEPLOYED.replace("START", 'gunicorn("app:application", config="odd")')
    finding = finding_of(grade(tmp_path, {"app.py": HELLO}, suite=suite))
    assert finding.code == "file-not-text"
    assert finding.where is not None
    assert (finding.where.file, finding.where.line) == ("odd", 3)
