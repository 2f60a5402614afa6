"""checker/harness/picture.py: what a check draws itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.http import Exchange
from checker.harness.picture import Lane, Picture, Stretch, calls, drawn
from course.model import BarKind, Value
from tests.running import running


@pytest.fixture
def history(tmp_path: Path) -> History:
    with running(tmp_path) as run:
        return run.history


def test_lanes_share_one_clock(history: History) -> None:
    Picture(history).lanes(
        "two calls",
        [
            Lane("a", [Stretch(10.0, 10.5)], note="first"),
            Lane("b", [Stretch(10.25, 11.0, BarKind.WAITING)], [(10.5, "x")]),
        ],
    )
    timeline, charts = drawn(history, since=0)
    assert timeline is not None
    assert (timeline.title, timeline.span_ms, charts) == ("two calls", 1000, ())
    a, b = timeline.rows
    assert (a.bars[0].start_ms, a.bars[0].end_ms, a.note) == (0, 500, "first")
    assert (b.bars[0].start_ms, b.bars[0].kind, b.marks[0].at_ms) == (250, BarKind.WAITING, 500)


def test_only_what_was_drawn_since_the_check_began_counts(history: History) -> None:
    picture = Picture(history)
    picture.chart("before", "ms", [Value("a", 1)])
    picture.lanes("nothing", [])
    since = history.now()
    picture.chart("cost", "ms", [Value("a", 1)], log=True)
    timeline, charts = drawn(history, since=since)
    assert timeline is None
    assert [(chart.title, chart.log) for chart in charts] == [("cost", True)]


def test_each_call_at_the_gate_has_a_lane(tmp_path: Path) -> None:
    with running(tmp_path) as run, Gate(run.history) as gate:
        first = Exchange(run.history, gate.port, "/hold/a")
        assert gate.wait_held(1)
        second = Exchange(run.history, gate.port, "/hold/b")
        assert gate.wait_held(2)
        gate.release("a")
        first.wait_answer()
        second.hang_up()
        assert gate.wait_left(1)
        lanes = calls(run.history, since=0)
        assert [(lane.name, lane.note) for lane in lanes] == [("a", ""), ("b", "hung up")]
        assert lanes[0].stretches[0].start_s < lanes[1].stretches[0].start_s
