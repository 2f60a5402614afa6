"""The learner's file beside the reference's: when a diff tells something, and what is no difference."""

from __future__ import annotations

from course.learner.comparing import compared

ISSUED = """\
import os

# Your work: answer quickly.
# There are three ways.

def answer():
    # TODO
    return 1
"""
REFERENCE = """\
import os

def answer():
    return 2
"""


def numbered(word: str, count: int = 40) -> str:
    return "".join(f"{word} = {number}\n" for number in range(count))


def test_a_file_like_the_reference_has_no_diff() -> None:
    same = compared("a.py", REFERENCE, REFERENCE, ISSUED)
    assert (same.diff, same.whole, same.note) == ((), "", "")


def test_the_scaffolds_comments_are_no_difference() -> None:
    done = compared("a.py", ISSUED.replace("return 1", "return 2"), REFERENCE, ISSUED)
    assert (done.diff, done.whole) == ((), "")
    own = compared("a.py", "# mine\n" + REFERENCE, REFERENCE, ISSUED)
    assert "-# mine" in own.diff


def test_a_diff_has_the_lines_numbers_in_both_files() -> None:
    head, *lines = compared("a.py", ISSUED, REFERENCE, ISSUED).diff
    assert head == "@@ -1 +1 @@"
    assert lines == [" import os", " ", " def answer():", "-    return 1", "+    return 2"]
    theirs, ours = numbered("x") + "y = 1\n", numbered("x") + "y = 2\n"
    assert compared("a.py", "# gone\n" + theirs, ours, "# gone\n").diff[0] == "@@ -39 +38 @@"


def test_a_file_of_another_structure_is_shown_as_the_references() -> None:
    other = compared("a.py", numbered("x"), numbered("y"), "")
    assert (other.diff, other.whole, other.note) == ((), numbered("y"), "yours is built differently")


def test_a_few_lines_are_always_a_diff() -> None:
    assert compared("a.toml", numbered("x", 3), numbered("y", 3), "").diff[1:4] == ("-x = 0", "-x = 1", "-x = 2")


def test_a_file_that_is_not_theirs_is_shown_whole() -> None:
    new = compared("a.toml", None, REFERENCE, "")
    assert (new.diff, new.whole, new.note, new.language) == ((), REFERENCE, "only in the reference", "toml")
