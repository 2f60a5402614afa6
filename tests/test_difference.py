"""checker/harness/difference.py: a caret under the first place where two values differ."""

from __future__ import annotations

import pytest

from checker.harness.difference import difference

LONG = b"0123456789" * 20


def test_the_caret_stands_under_the_first_wrong_byte() -> None:
    assert difference(b"name: north\r\n", b"name: north\n").splitlines() == [
        r"wanted  b'name: north\r\n'",
        r"saw     b'name: north\n'",
        "                     ^",
    ]


def test_of_long_values_only_the_surroundings_are_shown() -> None:
    wanted, saw, caret = difference(LONG, LONG[:100] + b"\x00" + LONG[101:]).splitlines()
    assert wanted[caret.index("^")] == "0"
    assert saw[caret.index("^") :].startswith(r"\x00")
    assert "..." in saw
    assert max(map(len, (wanted, saw))) < 80


@pytest.mark.parametrize("before", ["'", '"', "\\", "\t", "\x00", "é"])
def test_whatever_comes_before_it_the_columns_are_the_same(before: str) -> None:
    wanted, saw, caret = difference(f"{before}a\"'", f"{before}b").splitlines()
    assert (wanted[caret.index("^")], saw[caret.index("^")]) == ("a", "b")


def test_what_ends_too_early_is_told_so() -> None:
    *_, caret = difference("Maintenance\n", "Maint").splitlines()
    assert caret == "              ^ here it ends"


def test_text_in_place_of_bytes_differs_from_the_beginning() -> None:
    wanted, saw, _ = difference(b"page", "page").splitlines()
    assert (wanted, saw) == ("wanted  b'page'", "saw     'page'")
