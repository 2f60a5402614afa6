"""Rows: the hanging label, the right-hand column, folding, and ink that is never the only sign."""

from __future__ import annotations

import pytest

from course.view.measure import cells, wrapped
from course.view.rows import BLANK, Block, Row, bad, dim, good, lines

LONG = "A fast page is served while three reports are running, and nobody waits for a report to end"


def drawn(row: Row | Block, columns: int = 80) -> list[str]:
    return lines(row, columns, colour=False)


def test_a_right_hand_part_ends_at_the_margin() -> None:
    (line,) = drawn(Row("It answers", right="0.6 s"))
    assert line.startswith("  It answers ")
    assert line.endswith(" 0.6 s")
    assert len(line) == 78


def test_a_right_hand_part_may_begin_at_a_column() -> None:
    assert drawn(Row("learn check", right="grade it", right_at=16)) == ["  learn check     grade it"]


def test_a_text_too_long_for_its_column_pushes_the_right_hand_part_on() -> None:
    assert drawn(Row("a-rather-long-command", right="grade it", right_at=16)) == ["  a-rather-long-command  grade it"]


def test_the_right_hand_part_drops_under_its_line_where_there_is_no_room() -> None:
    assert drawn(Row("The Blocking Problem", right="stage_2/blocking_problem"), 40) == [
        "  The Blocking Problem",
        "  stage_2/blocking_problem",
    ]


def test_a_long_text_hangs_under_its_label() -> None:
    first, second = drawn(Row(LONG, label="saw", label_columns=9))
    assert first.startswith("  saw      A fast page")
    assert second.startswith(" " * 11)
    assert second.strip()


@pytest.mark.parametrize("columns", [30, 40, 59, 60, 80])
def test_no_line_is_wider_than_the_screen(columns: int) -> None:
    rows = [
        Row(LONG, label="✗", label_columns=2, right="10.4 s"),
        Row("x" * 200, label="where", label_columns=9, indent=4),
        Row("short", right=LONG),
        Row("漢字" * 60, right="貳", right_at=41),
    ]
    assert [line for row in rows for line in drawn(row, columns) if cells(line) > columns] == []


def test_line_breaks_and_indents_of_a_quoted_traceback_stay() -> None:
    text = 'File "shop/views.py", line 3\n    import nosuch\nModuleNotFoundError'
    assert drawn(Row(text, label="saw", label_columns=9)) == [
        '  saw      File "shop/views.py", line 3',
        "               import nosuch",
        "           ModuleNotFoundError",
    ]


def test_what_a_server_printed_cannot_move_the_cursor() -> None:
    (line,) = drawn(Row("\x1b[31mred\x1b[0m bell\x07 tab\tend\r"))
    assert line.isprintable()
    assert "red bell" in line


def test_a_folded_piece_keeps_its_ink() -> None:
    row = Row(("plain ", bad(LONG)))
    first, second = lines(row, 60, colour=True)
    assert first.startswith("  plain \x1b[31mA fast")
    assert second.startswith("  \x1b[31m")


def test_without_colour_the_same_characters_are_there() -> None:
    row = Row((good("✓"), " passed ", dim("0.4 s")), label=bad("✗"))
    (inked,) = lines(row, 80, colour=True)
    (plain,) = lines(row, 80, colour=False)
    assert "\x1b" in inked
    assert plain == "  ✗ ✓ passed 0.4 s"


def test_a_blank_row_is_an_empty_line() -> None:
    assert drawn(BLANK) == [""]


def test_a_block_is_indented_as_it_stands() -> None:
    assert drawn(Block("a\n  b", indent=2)) == ["    a", "      b"]


def test_a_word_wider_than_a_line_is_broken() -> None:
    assert [line for line, _ in wrapped("x" * 20, 8)] == ["x" * 8, "x" * 8, "x" * 4]


def test_what_is_copied_is_never_folded() -> None:
    command = "curl -i -d '" + "x=1&" * 40 + "' 'http://127.0.0.1:8000/'"
    assert drawn(Row(command, label="Type", label_columns=7, whole=True), 40) == [f"  Type   {command}"]


def test_an_address_is_never_broken() -> None:
    address = "https://docs.djangoproject.com/en/5.2/topics/async/"
    assert [line for line, _ in wrapped(f"see {address} first", 20)] == ["see", address, "first"]
    assert [line for line, _ in wrapped(address, 20)] == [address]


FRAME = 'File "/srv/you/wsgi-asgi/stage_2/shop/views.py", line 14'


@pytest.mark.parametrize(
    ("text", "columns", "folded"),
    [
        (f"  {FRAME}, in report", 40, [f"  {FRAME},", "in report"]),
        (f"  {FRAME}, in report", 68, [f"  {FRAME}, in", "report"]),
        (f"it stood in {FRAME}, in report", 60, ["it stood in", f"{FRAME}, in", "report"]),
    ],
)
def test_the_place_of_a_traceback_is_never_broken(text: str, columns: int, folded: list[str]) -> None:
    assert [line for line, _ in wrapped(text, columns)] == folded


def test_wide_characters_take_two_columns_and_combining_ones_none() -> None:
    assert cells("漢e\u0301") == 3


def test_each_line_tells_where_it_begins() -> None:
    text = "one two\nthree four"
    assert [(line, text[at : at + len(line)]) for line, at in wrapped(text, 8)] == [
        ("one two", "one two"),
        ("three", "three"),
        ("four", "four"),
    ]
