"""What a check draws itself: lanes on one clock, or a chart of what it measured; and what it says never came.

`learn show` has the lanes in place of the automatic picture, which is of requests (timeline.py), or of messages where
sockets talked (conversation.py); so has a failed check, eight rows of it. What was drawn before a check fails is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from checker.harness.events import EventKind
from checker.harness.history import History
from course.pictures import Bar, BarKind, Chart, Mark, Timeline, TimelineRow, Value
from course.shared.wire import chart_from, timeline_from

SHORTEST_SPAN_S = 0.001


@dataclass(frozen=True, slots=True)
class Stretch:
    """Something that lasted, in seconds of the history's clock; `end_s` is None while it lasts."""

    start_s: float
    end_s: float | None
    kind: BarKind = BarKind.WORKING
    label: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """One row: what lasted, and what happened at a moment (seconds, label)."""

    name: str
    stretches: Sequence[Stretch] = ()
    moments: Sequence[tuple[float, str]] = ()
    note: str = ""


class Listener(Protocol):
    """A socket of a check: a WebSocket, or what stands for one."""

    @property
    def id(self) -> str:
        """What the history calls it."""
        ...


class Picture:
    """The pictures of one check. The last lanes drawn count; charts stand below, in their order."""

    def __init__(self, history: History) -> None:
        self._history = history

    def lanes(self, title: str, lanes: Iterable[Lane], *, start_s: float | None = None) -> None:
        """Draw these rows on one clock, from the first thing that happened (or `start_s`) to the last."""
        shown = list(lanes)
        times = [t for lane in shown for t in _times(lane, self._history.now())]
        if not times:
            return
        start = min(times) if start_s is None else start_s
        end = max(*times, start + SHORTEST_SPAN_S)
        rows = tuple(_row(lane, start, end) for lane in shown)
        timeline = Timeline(round((end - start) * 1000, 1), rows, title)
        self._history.record(EventKind.PICTURE_LANES, picture=asdict(timeline))

    def nothing(self) -> None:
        """Draw nothing, not even the automatic timeline: for a finding that is not about who waited for whom."""
        self._history.record(EventKind.PICTURE_LANES, picture=asdict(Timeline(0.0, ())))

    def chart(self, title: str, unit: str, values: Iterable[Value], *, log: bool = False) -> None:
        """Draw horizontal bars; on a log axis where the values differ by factors."""
        self._history.record(EventKind.PICTURE_CHART, picture=asdict(Chart(title, unit, tuple(values), log)))

    def missing(self, listener: Listener, frame: str | Mapping[str, Any]) -> None:
        """Draw a row in the picture of messages: this socket never heard that. Say it just before the check fails.

        `frame` is the whole of it, or the words of it that tell it from others: rows that hold these are kept.
        """
        self._history.record(EventKind.PICTURE_MISSING, socket=listener.id, frame=frame)


def drawn(history: History, *, since: float) -> tuple[Timeline | None, tuple[Chart, ...]]:
    """What was drawn since then."""
    lanes = [timeline_from(event["picture"]) for event in history.events(EventKind.PICTURE_LANES, since=since)]
    charts = tuple(chart_from(event["picture"]) for event in history.events(EventKind.PICTURE_CHART, since=since))
    return lanes[-1] if lanes else None, charts


def calls(history: History, *, since: float) -> list[Lane]:
    """A lane for each call that reached the Gate since then, from its arrival until it was let go or hung up.

    Its note tells of one that hung up, or is still open.
    """
    lanes: list[Lane] = []
    waiting: list[tuple[str, float]] = []
    for event in history.events(EventKind.GATE_ARRIVED, EventKind.GATE_RELEASED, EventKind.GATE_LEFT, since=since):
        tag = str(event["tag"])
        if event.kind == EventKind.GATE_ARRIVED:
            waiting.append((tag, event.t))
        elif started := next((call for call in waiting if call[0] == tag), None):
            waiting.remove(started)
            note = "hung up" if event.kind == EventKind.GATE_LEFT else ""
            lanes.append(Lane(tag, [Stretch(started[1], event.t)], note=note))
    lanes += (Lane(tag, [Stretch(start, None)], note="still open") for tag, start in waiting)
    return sorted(lanes, key=lambda lane: lane.stretches[0].start_s)


def _times(lane: Lane, now: float) -> Iterable[float]:
    for stretch in lane.stretches:
        yield from (stretch.start_s, now if stretch.end_s is None else stretch.end_s)
    yield from (at for at, _ in lane.moments)


def _row(lane: Lane, start: float, end: float) -> TimelineRow:
    def ms(at: float | None) -> float:
        inside = end if at is None else min(max(at, start), end)
        return round((inside - start) * 1000, 1)

    bars = tuple(Bar(ms(s.start_s), ms(s.end_s), BarKind(s.kind), s.label) for s in lane.stretches)
    return TimelineRow(lane.name, bars, tuple(Mark(ms(at), label) for at, label in lane.moments), lane.note)
