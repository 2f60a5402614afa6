"""gunicorn_first's starts that must fail: which line is told, and which of the log's lines."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from checker.harness.findings import NotYet
from checker.milestones.gunicorn_first import exits
from checker.milestones.gunicorn_first.broken_starts import BrokenStart
from course.model import Finding

READS = 'import os\n# für\nTHEATRE_TIMEOUT_S = float(os.environ["THEATRE_TIMEOUT_S"])\n'


def silent(project: Path) -> Finding:
    """The finding about a start whose traceback shows no line of the settings, as of a file that is no UTF-8."""
    traceback = f"""Traceback (most recent call last):
  File "{project}/office/settings.py", line 3, in <module>
ValueError: could not convert string to float: 'soon'
"""
    return told(project, "THEATRE_TIMEOUT_S", "soon", traceback, returncode=3)


def told(project: Path, variable: str, value: str, text: str, *, returncode: int | None) -> Finding:
    """The finding about a start that did not answer, with this text in its log; no return code: it still runs."""
    log = SimpleNamespace(text=text, wait_end=lambda _: None, last_lines=lambda _: text.splitlines())
    process = SimpleNamespace(returncode=returncode, log=log, wait=lambda _: returncode)
    run = SimpleNamespace(given=())
    hello = SimpleNamespace(wait_answer=lambda _: None)
    site: Any = SimpleNamespace(process=process, run=run, listens=lambda: False, send=lambda *_, **__: hello)
    with pytest.raises(NotYet) as raised:
        BrokenStart(variable, value, site, project).expect_failed()
    return raised.value.finding


def write_settings(project: Path, text: str) -> None:
    """The learner's office/settings.py."""
    (project / "office").mkdir()
    (project / "office" / "settings.py").write_text(text)


EXITED = "[2026-01-01 12:00:00 +0000] [7] [ERROR] Worker (pid:9) exited with code 1.\n"
TWO_EXITS = """import os, sys
def need(name):
    sys.exit(f"{name} is not a number")
SECRET_KEY = os.environ.get("SECRET_KEY")
if not SECRET_KEY:
    sys.exit(WORDS)
"""


def test_workers_that_exit_are_told_by_their_last_words_and_led_to_an_exception(tmp_path: Path) -> None:
    write_settings(tmp_path, TWO_EXITS)
    finding = told(tmp_path, "SECRET_KEY", "", f"no key\n{EXITED}" * 3, returncode=None)
    assert finding.code == "restarts-forever"
    assert finding.saw == "it starts its workers again and again:\n  no key"
    assert finding.where is not None
    assert finding.where.line == 6
    assert "raise an exception" in finding.next


def test_workers_that_exit_without_a_word_are_told_as_such(tmp_path: Path) -> None:
    finding = told(tmp_path, "SECRET_KEY", "", EXITED * 3, returncode=None)
    assert finding.saw == "it starts its workers again and again, and the log has no words but gunicorn's own"


def test_an_exit_is_found_by_what_it_has_said_wherever_it_stands(tmp_path: Path) -> None:
    write_settings(tmp_path, TWO_EXITS)
    place = exits.spoken(tmp_path, ["office/settings.py"], f"SECRET_KEY is not a number\n{EXITED}")
    assert place is not None
    assert place.line == 3


def test_an_exit_that_is_not_near_the_variable_is_not_told(tmp_path: Path) -> None:
    write_settings(tmp_path, TWO_EXITS)
    assert exits.near(tmp_path, ["office/settings.py"], "THEATRE_TIMEOUT_S") is None


@pytest.mark.parametrize(
    ("encoding", "code", "line"), [("utf-8", "silent-failure", 3), ("latin-1", "file-not-text", 2)]
)
def test_settings_in_another_encoding_are_told_as_such(tmp_path: Path, encoding: str, code: str, line: int) -> None:
    (tmp_path / "office").mkdir()
    (tmp_path / "office" / "settings.py").write_bytes(READS.encode(encoding))
    finding = silent(tmp_path)
    assert finding.code == code
    assert finding.where is not None
    assert (finding.where.file, finding.where.line) == ("office/settings.py", line)
