"""gunicorn_first's starts that must fail: which line is told when gunicorn ended, and did not name the variable."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from checker.harness.findings import NotYet
from checker.milestones.gunicorn_first.broken_starts import BrokenStart
from course.model import Finding

READS = 'import os\n# für\nTHEATRE_TIMEOUT_S = float(os.environ["THEATRE_TIMEOUT_S"])\n'


def silent(project: Path) -> Finding:
    """The finding about a start whose traceback shows no line of the settings, as of a file that is no UTF-8."""
    traceback = f"""Traceback (most recent call last):
  File "{project}/office/settings.py", line 3, in <module>
ValueError: could not convert string to float: 'soon'
"""
    log = SimpleNamespace(text=traceback, wait_end=lambda _: None, last_lines=lambda _: traceback.splitlines())
    process = SimpleNamespace(returncode=3, log=log, wait=lambda _: 3)
    run = SimpleNamespace(given=())
    hello = SimpleNamespace(wait_answer=lambda _: None)
    site: Any = SimpleNamespace(process=process, run=run, listens=lambda: False, send=lambda *_, **__: hello)
    with pytest.raises(NotYet) as told:
        BrokenStart("THEATRE_TIMEOUT_S", "soon", site, project).expect_failed()
    return told.value.finding


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
