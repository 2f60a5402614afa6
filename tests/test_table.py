"""Reading TOML key by key: every fault names the file and the key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from course.content.table import Table
from course.errors import CourseBug
from course.model import ExitStatus


def table(folder: Path, text: str) -> Table:
    (folder / "exercise.toml").write_text(text, encoding="utf-8")
    return Table.load(folder / "exercise.toml")


def test_every_kind_of_value_is_read(tmp_path: Path) -> None:
    top = table(tmp_path, 'goal = "quiet"\nminutes = 45\nservers = ["gunicorn"]\n[first_finding]\ncode = "slow"\n')
    assert (top.text("goal"), top.number("minutes"), top.texts("servers")) == ("quiet", 45.0, ("gunicorn",))
    inner = top.table("first_finding")
    assert (inner.keys, inner.text("code")) == (("code",), "slow")
    inner.close()
    top.close()


def test_what_is_not_needed_may_be_missing(tmp_path: Path) -> None:
    top = table(tmp_path, "")
    assert (top.text("tour", default=""), top.number("time_limit_s", default=60.0)) == ("", 60.0)
    assert (top.texts("given", is_needed=False), top.table("after", is_needed=False).keys) == ((), ())


@pytest.mark.parametrize(
    ("text", "read", "fault"),
    [
        ("", lambda t: t.text("title"), "key 'title' is missing"),
        ("title = 3", lambda t: t.text("title"), "key 'title' must be a text"),
        ('title = " "', lambda t: t.text("title"), "key 'title' must be a text"),
        ('servers = "gunicorn"', lambda t: t.texts("servers"), "key 'servers' must be a list of texts"),
        ("servers = [1]", lambda t: t.texts("servers"), "key 'servers' must be a list of texts"),
        ('minutes = "5"', lambda t: t.number("minutes"), "key 'minutes' must be a number above 0"),
        ("minutes = 0", lambda t: t.number("minutes"), "key 'minutes' must be a number above 0"),
        ("minutes = nan", lambda t: t.number("minutes"), "key 'minutes' must be a number above 0"),
        ("minutes = true", lambda t: t.number("minutes"), "key 'minutes' must be a number above 0"),
        ("first = 1", lambda t: t.table("first"), "key 'first' must be a table"),
        ("[first]", lambda t: t.table("first").text("code"), "key 'first.code' is missing"),
        ("titel = 1", lambda t: t.close(), "key 'titel' is not known here"),
    ],
)
def test_a_fault_names_the_file_and_the_key(
    tmp_path: Path, text: str, read: Callable[[Table], object], fault: str
) -> None:
    with pytest.raises(CourseBug) as told:
        read(table(tmp_path, text))
    assert told.value.wrong == f"{tmp_path / 'exercise.toml'}: {fault}"
    assert told.value.status is ExitStatus.COURSE_BUG


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CourseBug, match=r"gone\.toml: the file is missing"):
        Table.load(tmp_path / "gone.toml")


def test_a_file_that_is_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CourseBug, match="cannot be read: Is a directory"):
        Table.load(tmp_path)


def test_what_is_no_toml_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(CourseBug, match=r"exercise.toml: .*line 2"):
        table(tmp_path, 'goal = "x"\ntitle = = 1\n')


def test_what_is_no_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "stage.toml").write_bytes(b'title = "\xff"\n')
    with pytest.raises(CourseBug, match=r"stage.toml: .*utf-8"):
        Table.load(tmp_path / "stage.toml")
