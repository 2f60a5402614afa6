"""gunicorn_first's findings about the box office: which journal line is quoted, and what the next step is."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from checker.milestones.gunicorn_first.office import Answered
from checker.milestones.gunicorn_first.verdicts import (
    ROOM,
    as_written,
    strange_line,
    strange_words,
    what_comes_without_preload,
)

HELLO = Answered("hello", "/hello/", 200, 40, "1")
GONE = Answered("not there", "/nowhere/", 404, 9, "2")
TRUE = [
    {"id": "hello", "path": "/hello/", "status": 200, "bytes": 40},
    {"id": "not-there", "path": "/nowhere/", "status": 404, "bytes": 9},
    {"id": "-", "path": "/hello/", "status": 200, "bytes": 40},
    {"id": "-", "path": "/hello/", "status": 200, "bytes": 40},
    {"id": ["-"], "path": "/hello/", "status": 200, "bytes": 40},
]
MIXED = {"id": "hello", "path": "/nowhere/", "status": 200, "bytes": 40}


def test_a_true_line_of_another_request_is_not_quoted() -> None:
    assert strange_line([HELLO, GONE], TRUE) is None


@pytest.mark.parametrize("strange", [MIXED, TRUE[0]])
def test_a_line_that_is_mixed_or_the_second_of_its_id_is_quoted(strange: dict[str, Any]) -> None:
    assert strange_line([HELLO, GONE], [*TRUE, strange]) == strange


def test_a_second_line_is_told_as_such() -> None:
    quoted = '{"id": "hello", "path": "/hello/", "status": 200, "bytes": 40}'
    assert strange_words([HELLO], [*TRUE, TRUE[0]]) == f"; another line is {quoted}, and 2 lines have that id"
    assert not strange_words([HELLO], TRUE)


def test_lines_are_quoted_as_they_stand_in_the_log() -> None:
    assert as_written([MIXED]) == '{"id": "hello", "path": "/nowhere/", "status": 200, "bytes": 40}'


def test_room_for_one_worker_is_named_with_the_limit_of_all() -> None:
    assert "8 slow pages" in ROOM
    assert "24 at most" in ROOM


@pytest.mark.parametrize(("preload", "heeded"), [("True", True), ("False", False)])
def test_who_gives_preload_up_is_told_of_the_exits_in_his_settings(tmp_path: Path, preload: str, heeded: bool) -> None:
    (tmp_path / "office").mkdir()
    (tmp_path / "office" / "settings.py").write_text('import sys\nsys.exit("SECRET_KEY is missing")\n')
    office: Any = SimpleNamespace(folder=tmp_path, printed=SimpleNamespace(settings={"preload_app": preload}))
    assert ("raise an exception" in what_comes_without_preload(office)) is heeded
