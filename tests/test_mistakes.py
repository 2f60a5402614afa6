"""A mistake's head, what it stands on, and both of its forms: each error provoked."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.authors import mistakes
from course.content.places import Places
from course.errors import CourseBug
from course.model import Exercise
from tests.grading import TOY, lay

DIFF = "--- a/app.py\n+++ b/app.py\n@@ -1 +1 @@\n-right\n+wrong\n"
HEAD = "check: test_word\ncode: wrong-word\nwhy: a slip\n"
WRONG = f"solutions/{TOY.path}/wrong"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    files = {
        f"exercises/{TOY.path}/lesson.md": "# Toy\n",
        f"exercises/{TOY.path}/scaffold/app.py": "?\n",
        f"exercises/{TOY.path}/scaffold/other.py": "?\n",
        f"solutions/{TOY.path}/right/reference/app.py": "right\n",
        f"solutions/{TOY.path}/right/reference/why.md": "Why.\n",
        f"solutions/{TOY.path}/right/short/app.py": "r\n",
        f"solutions/{TOY.path}/right/short/REMOVED": "other.py\n",
    }
    return Places(lay(tmp_path / "rooms", files))


def write(places: Places, text: str, name: str = "slip.diff") -> Path:
    lay(places.rooms, {f"{WRONG}/{name}": text})
    return places.rooms / WRONG / name


def only(places: Places) -> mistakes.Mistake:
    (mistake,) = mistakes.of(places, TOY)
    return mistake


def laid(places: Places, project: Path) -> dict[str, str]:
    mistakes.lay(places, TOY, only(places), project)
    return {path.name: path.read_text() for path in project.iterdir() if path.name != "README.md"}


def test_a_mistake_lies_on_the_reference(places: Places, tmp_path: Path) -> None:
    write(places, f"{HEAD}\n{DIFF}")
    assert laid(places, tmp_path / "project") == {"app.py": "wrong\n", "other.py": "?\n"}
    mistake = only(places)
    assert (mistake.name, mistake.check, mistake.code, mistake.why) == ("slip", "test_word", "wrong-word", "a slip")
    assert (mistake.where, mistake.saw, mistake.breaks, mistake.on) == ("", "", (), "reference")


def test_every_key_is_read(places: Places) -> None:
    write(
        places,
        f"{HEAD}where: app.py:1\nsaw: it said: 'no'\nbreaks: said-once/second-time, said\non: short\n\n{DIFF}",
    )
    mistake = only(places)
    assert (mistake.where, mistake.saw, mistake.on) == ("app.py:1", "it said: 'no'", "short")
    assert mistake.breaks == ("said-once/second-time", "said")


def test_another_style_is_laid_first_with_what_it_removes(places: Places, tmp_path: Path) -> None:
    write(places, f"{HEAD}on: short\n\n{DIFF.replace('right', 'r')}")
    assert laid(places, tmp_path / "project") == {"app.py": "wrong\n"}


def test_a_hunk_for_another_style_does_not_fit(places: Places, tmp_path: Path) -> None:
    write(places, f"{HEAD}on: short\n\n{DIFF}")
    with pytest.raises(CourseBug, match=r"slip\.diff:8: app\.py: hunk 1 does not fit: line 1 is 'r\\n', not 'right"):
        laid(places, tmp_path / "project")


def test_a_folder_lies_on_the_scaffold(places: Places, tmp_path: Path) -> None:
    write(places, 'check = "test_word"\ncode = "c"\nbreaks = "said"\nsaw = "x"\n', "slip/expect.toml")
    write(places, "all new\n", "slip/app.py")
    assert laid(places, tmp_path / "project") == {"app.py": "all new\n", "other.py": "?\n"}
    assert (only(places).breaks, only(places).saw, only(places).on) == (("said",), "x", "")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"check: t\ncode: c\n\n{DIFF}", "slip.diff: key 'why' is missing"),
        (f"check: t\nwhy: w\n\n{DIFF}", "slip.diff: key 'code' is missing"),
        (f"code: c\nwhy: w\n\n{DIFF}", "slip.diff: key 'check' is missing"),
        (f"check:\ncode: c\nwhy: w\n\n{DIFF}", "slip.diff: key 'check' is not filled in"),
        (f"{HEAD}where:\n\n{DIFF}", "slip.diff: key 'where' is not filled in"),
        (
            f"{HEAD}wherever: app.py\n\n{DIFF}",
            "slip.diff:4: 'wherever: app.py' is no line of a head; its keys are check",
        ),
        (f"{HEAD}code: again\n\n{DIFF}", "slip.diff:4: key 'code' is there twice"),
        (f"{HEAD}in two lines\n\n{DIFF}", "slip.diff:4: 'in two lines' is no line of a head"),
        (f"{HEAD}{DIFF}", "slip.diff:4: '--- a/app.py' is no line of a head"),
        (HEAD, "slip.diff: no blank line and no diff follow the head"),
        (f"{HEAD}\n", "slip.diff: the diff is missing"),
        (f"{HEAD}\n\n{DIFF}", "slip.diff:5: no hunk holds this line"),
        (f"{HEAD}\n{DIFF}left over\n", "slip.diff:10: no hunk holds this line"),
        (f"{HEAD}on: nosuch\n\n{DIFF}", "slip.diff: on: 'nosuch' is no right solution of toy"),
        (f"{HEAD}breaks: Said it\n\n{DIFF}", "slip.diff: breaks: 'Said it' is not written as PROMISE or PROMISE/SIDE"),
        (f"{HEAD}breaks: said/,x\n\n{DIFF}", "slip.diff: breaks: 'said/' is not written as"),
        (
            f"{HEAD}\n{DIFF.replace('app.py', '../app.py')}",
            "slip.diff:6: ../app.py: the path must lead to a file inside",
        ),
        (f"{HEAD}\n{DIFF.replace('app.py', 'README.md')}", "slip.diff: README.md is the lesson, which no solution"),
    ],
)
def test_what_is_wrong_with_a_diff_is_told_with_its_file(places: Places, text: str, told: str) -> None:
    write(places, text)
    with pytest.raises(CourseBug) as caught:
        mistakes.of(places, TOY)
    assert told in caught.value.wrong
    assert "\n" not in caught.value.wrong


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('check = "t"\n', "expect.toml: key 'code' is missing"),
        ('check = "t"\ncode = "c"\nwheer = "x"\n', "expect.toml: key 'wheer' is not known"),
        ('check = "t"\ncode = "c"\non = "short"\n', "expect.toml: key 'on' is not known"),
        ('check = "t"\ncode = ""\n', "expect.toml: key 'code' is not filled in"),
        ("check = t\n", "expect.toml: Invalid value"),
    ],
)
def test_what_is_wrong_with_a_folder_is_told_with_its_file(places: Places, text: str, told: str) -> None:
    write(places, text, "slip/expect.toml")
    with pytest.raises(CourseBug, match=told):
        mistakes.of(places, TOY)


def test_a_folder_and_a_diff_of_one_name_are_refused(places: Places) -> None:
    write(places, f"{HEAD}\n{DIFF}")
    write(places, 'check = "t"\ncode = "c"\n', "slip/expect.toml")
    with pytest.raises(CourseBug, match=r"wrong/slip.*: there is a mistake slip.* too"):
        mistakes.of(places, TOY)


def test_what_is_no_mistake_is_told_and_a_tools_cache_is_not(places: Places) -> None:
    write(places, f"{HEAD}\n{DIFF}")
    write(places, "", ".ruff_cache/x")
    assert only(places).name == "slip"
    write(places, "", "notes.md")
    with pytest.raises(CourseBug, match=r"notes\.md: a mistake is a folder or a file \*\.diff"):
        mistakes.of(places, TOY)


def test_the_toy_course_has_mistakes_in_both_forms(toy_places: Places, greeting: Exercise) -> None:
    forms = {mistake.name: mistake.path.name for mistake in mistakes.of(toy_places, greeting)}
    assert (forms["two_lines"], forms["file_removed"]) == ("two_lines.diff", "file_removed")
