"""Grades a small project with a small check file, as `learn check` does: a real child, real servers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from course.content.places import Places
from course.grading import checking
from course.model import Exercise, Verdict

TOY = Exercise("stage_1", "toy", "Toy", written=True)

# One server, one check that it answers and one that it still does.
SUITE = '''
"""Checks of a toy."""
import pytest
from checker.harness.suite import needs

@pytest.fixture(scope="module")
def site(gunicorn, gate):
    return gunicorn("app:application", environment={"UPSTREAM_URL": gate.url})

def test_it_answers(site):
    """It answers."""
    site.expect_ready("/", deadline_s=DEADLINE)

@needs("test_it_answers")
def test_it_answers_again(site):
    """It answers again."""
    site.expect_get("/again", deadline_s=DEADLINE)
'''

# Where every diagnosis of the harness has its hints.
SHARED_HINTS = {"exercises/hints.toml": Places().shared_hints_file.read_text(encoding="utf-8")}

HELLO = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]
"""


def lay(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files, given by their relative paths, into a folder, and return it."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def grade(
    tmp_path: Path,
    project: Mapping[str, str],
    *,
    suite: str = SUITE,
    deadline_s: float = 15,
    shared: Mapping[str, str] = SHARED_HINTS,
    exercise: Exercise = TOY,
) -> Verdict:
    """The verdict on these project files. `DEADLINE` in the check file stands for `deadline_s`."""
    files = {"checker/stage_1/toy/test_toy.py": suite.replace("DEADLINE", str(deadline_s)), **shared}
    rooms = lay(tmp_path / "rooms", files)
    folder = lay(tmp_path / "project", project)
    run = tmp_path / "run"
    run.mkdir(exist_ok=True)
    with checking.start(Places(rooms), exercise, project=folder, run=run) as grading:
        for _ in grading.events():
            pass
    return grading.verdict
