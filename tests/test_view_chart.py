"""course/view/chart.py: measured values beside each other."""

from __future__ import annotations

from course.pictures import Chart, Value
from course.view.chart import draw, number, shares

COST = Chart("cost of a request", "ms", (Value("CGI", 240, "5 pids"), Value("WSGI", 0.4, "1 pid")), log=True)


def test_a_log_axis_keeps_small_values_visible() -> None:
    large, small = shares(COST)
    assert large == 1
    assert 0.1 < small < 0.3  # of the decades from 0.1 to 240


def test_a_plain_axis_begins_at_nothing() -> None:
    assert shares(Chart("", "ms", (Value("a", 4), Value("b", 1), Value("c", 0)))) == [1, 0.25, 0]


def test_every_value_stands_with_its_unit_and_its_note() -> None:
    text = draw(COST, 80).whole().plain
    assert "cost of a request (log axis)" in text
    assert "240 ms  5 pids" in text
    assert "0.4 ms  1 pid" in text


def test_where_it_is_narrow_notes_drop_under_their_bars() -> None:
    lines = draw(COST, 28).whole().plain.splitlines()
    assert max(map(len, lines)) <= 28
    assert lines[2].strip() == "5 pids"


def test_numbers_have_three_digits_that_count() -> None:
    assert [number(v) for v in (0.4321, 2.1, 240, 1250.4)] == ["0.432", "2.1", "240", "1,250"]


def test_nothing_measured_is_drawn_as_nothing() -> None:
    assert shares(Chart("", "ms", (Value("a", 0),), log=True)) == [0]
