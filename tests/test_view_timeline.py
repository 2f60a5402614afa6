"""How a timeline looks: at 80 columns, at 40, with and without colour."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from course.pictures import Bar, BarKind, Mark, Timeline, TimelineRow
from course.view.timeline import draw

WORKING, WAITING, STALLED = BarKind.WORKING, BarKind.WAITING, BarKind.STALLED

BLOCKED = Timeline(
    412.0,
    (
        TimelineRow("pid 71", (Bar(0, 400, WORKING, "report 1"),), note="report 1"),
        TimelineRow(
            "pid 72", (Bar(0, 400, WORKING, "report 2"), Bar(401, 412, WORKING, "hello")), note="report 2, hello"
        ),
        TimelineRow("hello", (Bar(50, 401, WAITING), Bar(401, 412, WORKING)), note="waited"),
    ),
)
STALL = Timeline(
    527.0,
    (
        TimelineRow("loop 71", (Bar(20, 520, STALLED, "views.py:14"),), (Mark(20, "views.py:14"),)),
        TimelineRow("invoice 7", (Bar(0, 4, WAITING), Bar(4, 525, WORKING))),
        TimelineRow("hello", (Bar(60, 521, WAITING), Bar(521, 527, WORKING))),
        TimelineRow("36 more alike"),
    ),
)
SOCKETS = Timeline(
    12_345.0,
    (
        TimelineRow("loop 71", (), (Mark(9_000, "killed"),)),
        TimelineRow("loop 72", note="free"),
        TimelineRow(
            "ana", (Bar(0, 100, WAITING), Bar(100, 9_000, WORKING)), (Mark(3_000, "sent"), Mark(6_000, "received"))
        ),
    ),
)


def shown(timeline: Timeline, width: int, *, colour: bool = False) -> str:
    """What a terminal of this width gets."""
    stream = io.StringIO()
    Console(file=stream, width=width, force_terminal=colour, color_system="standard" if colour else None).print(
        draw(timeline, width).whole()
    )
    return stream.getvalue()


def test_a_blocked_worker_at_80_columns() -> None:
    assert (
        shown(BLOCKED, 80)
        == """\
        0                                     412 ms
pid 71  ███████████████████████████████████████████   report 1
pid 72  █████████████████████████████████████████ ██  report 2, hello
hello        ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░██  waited
██ in the app   ░░ waiting
"""
    )


def test_a_blocked_worker_at_40_columns() -> None:
    assert (
        shown(BLOCKED, 40)
        == """\
        0                         412 ms
pid 71  ███████████████████████████████
        report 1
pid 72  ██████████████████████████████ █
        report 2, hello
hello      ░░░░░░░░░░░░░░░░░░░░░░░░░░░░█
        waited
██ in the app   ░░ waiting
"""
    )


def test_the_legend_says_where_a_request_waits() -> None:
    bars = (Bar(0, 100, WORKING), Bar(50, 100, BarKind.UPSTREAM, "in the database"))
    assert (
        shown(Timeline(100.0, (TimelineRow("pid 71", bars, note="report 6"),)), 60)
        == """\
        0                                   100 ms
pid 71  █████████████████████▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓  report 6
██ in the app   ▓▓ in the database
"""
    )


def test_a_stalled_loop_names_the_line() -> None:
    assert (
        shown(STALL, 80)
        == """\
           0                                     527 ms
loop 71     ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒   views.py:14
invoice 7  ████████████████████████████████████████████
hello           ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░█
36 more alike
██ in the app   ░░ waiting   ▒▒ loop stalled
"""
    )


def test_sockets_show_their_frames_and_a_killed_process() -> None:
    assert (
        shown(SOCKETS, 80)
        == """\
         0                                     12.3 s
loop 71                                  ✗             killed
loop 72  free
ana      ██████████▸██████████◂██████████
██ in the app   ▸ sent   ◂ received
"""
    )


def test_rows_without_notes_stay_single_lines_at_any_width() -> None:
    rows = tuple(TimelineRow(f"ada in process {n}", (Bar(0, 10, WORKING),)) for n in range(2))
    for width in range(20, 81):
        assert len(shown(Timeline(10.0, rows), width).splitlines()) == 4  # scale, two rows, legend


def test_two_calls_that_meet_are_two_bars() -> None:
    calls = (Bar(0, 300, WAITING, "call 1"), Bar(300, 600, WAITING, "call 2"))
    assert "BOLT  ░░░░░░░░░ ░░░░░░░░░░  2 calls" in shown(
        Timeline(600.0, (TimelineRow("BOLT", calls, note="2 calls"),)), 35
    )


def test_what_is_short_is_still_seen() -> None:
    rows = (TimelineRow("pid 71", (Bar(0, 9_000, WAITING), Bar(5_000, 5_001, WORKING), Bar(9_999, 10_000, WORKING))),)
    line = shown(Timeline(10_000.0, rows), 40).splitlines()[1]
    assert line.count("█") == 2
    assert line.endswith("█")


@pytest.mark.parametrize("timeline", [BLOCKED, STALL, SOCKETS], ids=["blocked", "stall", "sockets"])
@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_no_line_is_wider_than_the_screen(timeline: Timeline, width: int) -> None:
    assert max(cell_len(line) for line in shown(timeline, width).splitlines()) <= width


@pytest.mark.parametrize("timeline", [BLOCKED, STALL, SOCKETS], ids=["blocked", "stall", "sockets"])
def test_colour_adds_nothing_but_colour(timeline: Timeline) -> None:
    import re

    coloured = shown(timeline, 80, colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == shown(timeline, 80)


def test_long_and_wide_names_keep_the_columns() -> None:
    rows = (
        TimelineRow("练习" * 20, (Bar(0, 10, WORKING),), note="x"),
        TimelineRow("a\nb\x1b[31m", (Bar(0, 10, WORKING),), note="y" * 99),
    )
    lines = shown(Timeline(10.0, rows), 80).splitlines()
    assert len({cell_len(line[: line.index("█")]) for line in lines[1:3]}) == 1
    assert all(cell_len(line) <= 80 for line in lines)
    assert "\x1b" not in lines[2]


def test_a_picture_without_rows_is_no_error() -> None:
    assert shown(Timeline(0.0, ()), 80).split() == ["0", "0", "ms"]
