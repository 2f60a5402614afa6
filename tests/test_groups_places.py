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


VIEWS = """\
async def notify(request, user):
    await get_channel_layer().send(channel_of(user), {"type": "user.notice"})
    return HttpResponse(status=204)

def kick(request, user):
    return JsonResponse({}, status=501)
"""


@pytest.fixture
def write(project: Path) -> Callable[..., Path]:
    def write(text: str, file: str = "consumers.py") -> Path:
        (project / "chat" / file).write_text(text)
        return project

    return write


def test_a_view_is_asked_for_its_own_lines(write: Callable[..., Path]) -> None:
    project = write(VIEWS, "views.py")
    assert (places.sent_to_one(project, "notify") or SourceLine("", 0)).line == 2
    assert places.sent_to_one(project, "kick") is None
    assert (places.answered_with(project, "kick", 501) or SourceLine("", 0)).line == 6
    assert places.answered_with(project, "notify", 501) is None


@pytest.mark.parametrize(
    "line",
    ['if event["user"] != self.user_name: pass', 'if self.user == event["from"]: pass', "x = a.user_name == b"],
)
def test_where_users_are_compared_is_found(write: Callable[..., Path], line: str) -> None:
    assert places.compared_users(write(line)) is not None


def test_a_channel_name_is_no_user(write: Callable[..., Path]) -> None:
    assert places.compared_users(write('if event["sender"] != self.channel_name: pass')) is None


@pytest.mark.parametrize("name", ["slugify(title)", 're.sub("x", "", title)', "title.encode().hex()[:99]"])
def test_a_name_that_is_cut_or_tidied_is_found(write: Callable[..., Path], name: str) -> None:
    assert places.tidied(write(f'group = "room." + {name}')) is not None


def test_a_title_that_is_cut_to_be_shown_is_no_name(write: Callable[..., Path]) -> None:
    assert places.tidied(write('error = f"join {title[:40]!r} first"')) is None


@pytest.mark.parametrize("put", ['valkey.sadd("who:1", user)', 'valkey.hset("who:1", mapping=users)'])
def test_an_entry_that_nothing_ends_is_found(write: Callable[..., Path], put: str) -> None:
    assert places.kept_for_good(write(f"rooms = set(names)\n{put}")) is not None
    assert places.kept_for_good(write(f'{put}\nvalkey.pexpire("who:1", 1000)')) is None
    assert places.kept_for_good(write(f'{put}\nvalkey.zremrangebyscore("who:1", 0, 1)')) is None


@pytest.mark.parametrize("lease", ['valkey.expire("who:1", 30)', 'valkey.set("who:1 ada", 1, px=700)'])
def test_an_expiry_that_nothing_renews_is_found(write: Callable[..., Path], lease: str) -> None:
    assert places.never_renewed(write(lease)) is not None
    assert places.never_renewed(write(f"{lease}\nasyncio.create_task(renew())")) is None


def test_an_expiry_beside_another_end_is_not_blamed(write: Callable[..., Path]) -> None:
    expiry = 'valkey.pexpire("who:1", 1000)'
    assert not places.drops_by_age(write(expiry))
    assert places.drops_by_age(write(f'{expiry}\nvalkey.zremrangebyscore("who:1", 0, 1)'))
