"""Builds the picture of a check's traffic from the history: who worked, who waited, where a loop stood still."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from checker.harness.events import EventKind
from checker.harness.folding import folded
from checker.harness.history import Event, History
from checker.harness.traffic import STOPPED, Connection, Death, Stall, Visit, connections, deaths, stalls, visits
from course.pictures import Bar, BarKind, Mark, Timeline, TimelineRow

MOST_ROWS = 24
MOST_FRAMES = 12
LABELS_IN_A_NOTE = 3
LONG_SHARE = 0.5  # of the span: who waited that long for the app did wait, whatever for
LONG_S = 0.05  # of a shorter wait a share says nothing: a busy machine makes one
SETTLE_S = 0.2
SEEN_SHARE = 0.05  # of the span: a shorter wait would not show

_WINDOW_KINDS = (
    "request.",
    EventKind.APP_ENTERED,
    EventKind.APP_LEFT,
    EventKind.LOOP_STALLED,
    EventKind.LOOP_RESUMED,
    "socket.",
    "process.",
    "guard.",
)


def timeline(history: History, *, since: float, until: float = math.inf) -> Timeline | None:
    """The picture of what happened between `since` and `until`, seconds of its clock; None when there was no traffic.

    It ends with the last thing that happened, or at `until` where something was still under way.
    """
    _settle(history, since)
    events = history.events()
    window = [e for e in events if since <= e.t <= until and e.kind.startswith(_WINDOW_KINDS)]
    # An answer to what an earlier check asked is no traffic of this one.
    traffic = [
        e
        for e in window
        if e.kind.startswith((EventKind.REQUEST_SENT, EventKind.APP_ENTERED, EventKind.LOOP_STALLED, "socket."))
    ]
    if not traffic:
        return None
    clock = _Clock(traffic[0].t, max(window[-1].t, traffic[0].t + 0.001))
    if until < math.inf and _is_under_way(events, clock):
        clock = replace(clock, end=max(until, clock.end))
    rows = [*_rows(events, clock)]
    shown = folded(rows, clock.span_ms)
    if len(shown) > MOST_ROWS:
        shown = [*shown[: MOST_ROWS - 1], TimelineRow(f"{len(shown) - MOST_ROWS + 1} more rows")]
    return Timeline(span_ms=round(clock.span_ms, 1), rows=tuple(shown)) if shown else None


def _is_under_way(events: list[Event], clock: _Clock) -> bool:
    """Whether a request, a stall or a socket of the picture had not ended when the last thing in it happened."""
    ends = [v.left if v.sent is None else v.ended for v in _shown(visits(events), clock)]
    ends += [v.left for v in _shown(visits(events), clock) if v.entered is not None and not v.is_asgi]
    ends += [s.end for s in stalls(events) if clock.shows(s.start, s.end)]
    ends += [c.closed for c in connections(events) if _is_of_this_check(c, clock)]
    return any(end is None or end > clock.end for end in ends)


def _shown(found: list[Visit], clock: _Clock) -> list[Visit]:
    return [v for v in found if clock.shows(v.sent or v.entered, v.left if v.ended is None else v.ended)]


def _settle(history: History, since: float) -> None:
    """Wait a moment for what the probe still has to tell: its word may come after the visitor's answer."""
    end = history.now() + SETTLE_S
    untold = _untold(history)
    for visit in visits(history.events()):
        is_late = visit.ending == "answered" and (visit.ended or 0.0) >= since and visit.left is None
        if is_late and visit.request not in untold:
            left_s = end - history.now()
            if left_s <= 0:
                return
            history.wait_for(EventKind.APP_LEFT, partial(_is_of, visit.request), deadline_s=left_s)


def _untold(history: History) -> frozenset[str]:
    """The requests of which no probe will tell: those to a port behind which there is none, so far as is known."""
    sent = {e["request"]: e.get("port") for e in history.events(EventKind.REQUEST_SENT)}
    seen = {sent[e["request"]] for e in history.events(EventKind.APP_ENTERED) if e["request"] in sent}
    probed = {e["port"] for e in history.events(EventKind.SITE_PROBED)} | seen
    return frozenset(request for request, port in sent.items() if port not in probed)


def _is_of(request: str, event: Event) -> bool:
    return bool(event["request"] == request)


@dataclass(frozen=True, slots=True)
class _Clock:
    """The picture's stretch of time. What began before it, or has not ended, is cut off at its edges."""

    start: float
    end: float

    @property
    def span_ms(self) -> float:
        return (self.end - self.start) * 1000

    def shows(self, start: float | None, end: float | None) -> bool:
        return start is not None and start <= self.end and (end is None or end >= self.start)

    def ms(self, moment: float | None) -> float:
        inside = self.end if moment is None else min(max(moment, self.start), self.end)
        return round((inside - self.start) * 1000, 1)

    def bar(self, start: float, end: float | None, kind: BarKind, label: str = "") -> Bar:
        return Bar(self.ms(start), self.ms(end), kind, label)


def _rows(events: list[Event], clock: _Clock) -> Iterator[TimelineRow]:
    shown = _shown(visits(events), clock)
    ends = {d.pid: d for d in deaths(events) if clock.shows(d.at, d.at)}
    wsgi = [v for v in shown if v.entered is not None and not v.is_asgi]
    asgi_pids = {
        int(e["pid"]): None for e in events if e.kind == EventKind.APP_ENTERED and e["scope"] in ("http", "websocket")
    }
    is_asgi = bool(asgi_pids) and not wsgi
    for pid in dict.fromkeys(v.pid for v in wsgi):
        yield from _worker_rows(pid, [v for v in wsgi if v.pid == pid], clock, ends.pop(pid, None))
    if not is_asgi:
        yield from (_request_row(v, clock, "waited") for v in shown if not v.is_asgi and _has_waited(v, shown, clock))
    found_stalls = [s for s in stalls(events) if clock.shows(s.start, s.end)]
    servers = {int(e["pid"]): str(e["server"]) for e in events if e.kind == EventKind.APP_ENTERED and e["server"]}
    has_several = len({servers.get(pid) for pid in asgi_pids}) == len(asgi_pids) > 1
    for pid in asgi_pids:
        if any(e.get("pid") == pid and e.t >= clock.start for e in events) or pid in ends:
            name = f"loop {servers[pid] if has_several else pid}"
            yield _loop_row(name, [s for s in found_stalls if s.pid == pid], clock, ends.pop(pid, None))
    yield from (_request_row(v, clock) for v in shown if v.is_asgi or (is_asgi and v.entered is None))
    yield from (_socket_row(c, clock) for c in connections(events) if _is_of_this_check(c, clock))
    # Of a server that is not in the picture only a bad end is news.
    yield from (TimelineRow(d.name, marks=(Mark(clock.ms(d.at), d.how),)) for d in ends.values() if d.how != STOPPED)


def _worker_rows(pid: int, served: list[Visit], clock: _Clock, end: Death | None) -> Iterator[TimelineRow]:
    """One row, or one for each thread when two of them were busy at the same time."""
    threads = list(dict.fromkeys(v.thread for v in served))
    is_crowded = any(v.holds_its_slot_at(w.entered or 0.0) for v in served for w in served if v is not w)
    marks = (Mark(clock.ms(end.at), end.how),) if end else ()
    if len(threads) == 1 or not is_crowded:
        yield TimelineRow(f"pid {pid}", _working(served, clock), marks, _labels(v.label for v in served))
        return
    for number, thread in enumerate(threads, 1):
        mine = [v for v in served if v.thread == thread]
        yield TimelineRow(f"pid {pid} t{number}", _working(mine, clock), marks, _labels(v.label for v in mine))


def _working(served: list[Visit], clock: _Clock) -> tuple[Bar, ...]:
    return tuple(bar for v in served for bar in _inside(v, v.left, clock, v.label))


def _inside(visit: Visit, end: float | None, clock: _Clock, label: str = "") -> Iterator[Bar]:
    """A request in the app, and over it the part of it that was held at the Gate, where the check says what that is."""
    yield clock.bar(visit.entered or 0.0, end, BarKind.WORKING, label)
    yield from (clock.bar(h.start, h.end, BarKind.UPSTREAM, h.place) for h in visit.held if clock.shows(h.start, h.end))


def _has_waited(visit: Visit, others: list[Visit], clock: _Clock) -> bool:
    """Whether a request waited for a slot: it was let in when another, there before it, had left."""
    if visit.sent is None or visit.entered is None:
        return visit.entered is None
    waited_s = visit.entered - visit.sent
    share = waited_s * 1000 / clock.span_ms
    had_to = any(
        v.pid == visit.pid and v.holds_its_slot_at(visit.sent) and not v.holds_its_slot_at(visit.entered)
        for v in others
    )
    return (share >= LONG_SHARE and waited_s >= LONG_S) or (had_to and share >= SEEN_SHARE)


def _loop_row(name: str, found: list[Stall], clock: _Clock, end: Death | None) -> TimelineRow:
    bars = tuple(clock.bar(s.start, s.end, BarKind.STALLED, s.place) for s in found)
    marks = [Mark(clock.ms(s.start), s.place) for s in found]
    if end:
        marks.append(Mark(clock.ms(end.at), end.how))
    return TimelineRow(name, bars, tuple(marks), "" if found or end else "free")


def _request_row(visit: Visit, clock: _Clock, note: str = "") -> TimelineRow:
    bars = []
    ended = visit.left if visit.sent is None else visit.ended
    if visit.sent is not None:
        bars.append(clock.bar(visit.sent, visit.entered or visit.ended, BarKind.WAITING))
    if visit.entered is not None:
        bars += _inside(visit, ended, clock)
    return TimelineRow(visit.label, tuple(bars), (), _ending(visit, clock) or note)


def _ending(visit: Visit, clock: _Clock) -> str:
    if visit.sent is None:
        return ""
    if visit.ended is None or visit.ended > clock.end:
        return "still open"  # it may have been answered later, when the check had ended
    match visit.ending:
        case "answered":
            return f"status {visit.status}" if visit.status is not None and visit.status >= 400 else ""
        case "broken":
            return "broken off"
        case _:
            return "hung up"


def _is_of_this_check(connection: Connection, clock: _Clock) -> bool:
    """Whether it was opened or used then: an earlier check may have left it open."""
    return any(clock.shows(at, at) for at in (connection.opening, *(at for at, _ in connection.frames)))


def _socket_row(connection: Connection, clock: _Clock) -> TimelineRow:
    frames = [(at, label) for at, label in connection.frames if clock.shows(at, at)]
    bars = [clock.bar(connection.opening, connection.opened or connection.closed, BarKind.WAITING)]
    if connection.opened is not None:
        bars.append(clock.bar(connection.opened, connection.closed, BarKind.WORKING))
    marks = [Mark(clock.ms(at), label) for at, label in frames] if len(frames) <= MOST_FRAMES else []
    if connection.closed is not None and connection.ending != "closed 1000":
        marks.append(Mark(clock.ms(connection.closed), connection.ending))
    note = "" if len(frames) <= MOST_FRAMES else f"{len(frames)} frames"
    bars = [bar for bar in bars if bar.end_ms > 0]  # opened before this check
    return TimelineRow(connection.label, tuple(bars), tuple(marks), note)


def _labels(labels: Iterable[str]) -> str:
    """`report 1, hello x12, +3`: what a worker served, in order, each name once."""
    counts: dict[str, int] = {}
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
    texts = [label if count == 1 else f"{label} x{count}" for label, count in counts.items()]
    more = [f"+{len(texts) - LABELS_IN_A_NOTE}"] if len(texts) > LABELS_IN_A_NOTE else []
    return ", ".join([*texts[:LABELS_IN_A_NOTE], *more])
