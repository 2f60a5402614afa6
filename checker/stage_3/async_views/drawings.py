"""A page and the suppliers' calls that are made for it, drawn on one clock."""

from __future__ import annotations

from checker.harness.events import EventKind
from checker.harness.picture import Lane, Picture, Stretch, calls
from checker.harness.server import Server
from checker.stage_3.async_views.suppliers import PRICES
from course.pictures import BarKind

TITLE = "the page, and the suppliers' calls made for it"


def draw_calls(server: Server, name: str, request: str) -> None:
    """The page until it was answered or its visitor left, and a row for each supplier: its calls, one after another."""
    history = server.run.history
    sent_s = next((e.t for e in history.events(EventKind.REQUEST_SENT) if e["request"] == request), None)
    if sent_s is None:
        return
    ends = history.events(EventKind.REQUEST_ANSWERED, EventKind.REQUEST_BROKEN, EventKind.REQUEST_LEFT, since=sent_s)
    end = next((e for e in ends if e["request"] == request), None)
    note = "still open" if end is None else "hung up" if end.kind == EventKind.REQUEST_LEFT else ""
    rows = [Lane(name, [Stretch(sent_s, None if end is None else end.t)], note=note)]
    made = calls(history, since=sent_s)
    for supplier in PRICES:
        mine = [call for call in made if call.name == supplier]
        bars = [Stretch(s.start_s, s.end_s, BarKind.WAITING) for call in mine for s in call.stretches]
        rows.append(Lane(supplier, bars, note=mine[-1].note if mine else "not asked"))
    Picture(history).lanes(TITLE, rows)
