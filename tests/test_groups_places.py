"""The lines that the chat's findings point at: the only one that does such a thing, or none."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from checker.stage_4.groups import places
from course.model import SourceLine
from tests.tree import ROOT

CONSUMER = """\
# closes: self.close()
ROOMS = {}

class Consumer:
    rooms = set()

    async def receive_json(self, content):
        title = content["room"].strip()
        await self.send_json({"said": title})
        await self.close()
"""
Search = Callable[[Path], SourceLine | None]
SEARCHES: dict[int, Search] = {
    2: places.kept_in_memory,
    5: places.shared_by_sockets,
    8: places.tidied,
    9: lambda project: places.answer(project, "said"),
    10: places.closed_without_code,
}


def numbers(project: Path) -> list[int]:
    return [place.line if (place := search(project)) else 0 for search in SEARCHES.values()]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "chat").mkdir()
    (tmp_path / "chat" / "consumers.py").write_text(CONSUMER)
    (tmp_path / "chat" / "settings.py").write_text("MIDDLEWARE: list[str] = []\n")
    return tmp_path


def test_the_only_line_is_found(project: Path) -> None:
    assert numbers(project) == list(SEARCHES)
    assert places.answer(project, "said") == SourceLine(
        "chat/consumers.py", 9, "", 'await self.send_json({"said": title})'
    )


def test_of_two_lines_none_is_blamed(project: Path) -> None:
    (project / "chat" / "more.py").write_text(CONSUMER)
    assert numbers(project) == [0] * len(SEARCHES)


def test_files_that_cannot_be_read_do_no_harm(project: Path) -> None:
    (project / "chat" / "broken.py").write_text("def (")
    (project / "chat" / "nulls.py").write_bytes(b"\0\xff")
    (project / "chat" / "folder.py").mkdir()
    os.mkfifo(project / "chat" / "pipe.py")
    assert numbers(project) == list(SEARCHES)
    assert places.only_line(project, r"\.strip\(") is not None


def test_a_line_that_is_a_comment_is_no_place(project: Path) -> None:
    assert places.only_line(project, r"closes:") is None


def test_the_scaffold_is_found_to_keep_its_rooms_in_memory() -> None:
    place = places.kept_in_memory(ROOT / "exercises/stage_4/groups/scaffold")
    assert place is not None
    assert (place.file, place.doing) == ("chat/consumers.py", "ROOMS = {}")
