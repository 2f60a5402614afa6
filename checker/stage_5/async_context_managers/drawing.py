"""Pages and their sensors on one clock: asked for, leased, being released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checker.harness.events import EventKind
from checker.harness.history import History
from checker.harness.picture import Lane, Picture, Stretch
from checker.stage_5.async_context_managers.leases import State, calls, split
from checker.stage_5.async_context_managers.page import Page
from course.pictures import BarKind

ENDS = (EventKind.REQUEST_ANSWERED, EventKind.REQUEST_BROKEN, EventKind.REQUEST_LEFT)
TITLE = "pages, and how long each sensor was theirs"
LEASED = "leased"
MOST_LANES = 8


def draw_pages(pages: Sequence[Page], title: str = TITLE) -> None:
    """A row for each page, and below it one for each of its sensors."""
    history = pages[0].plant.history
    lanes = [lane for page in pages for lane in (_page(history, page), *_sensors(history, page.states))]
    Picture(history).lanes(title, lanes[:MOST_LANES])


def _page(history: History, page: Page) -> Lane:
    request = page.visitor.id
    sent = next((e.t for e in history.events(EventKind.REQUEST_SENT) if e["request"] == request), None)
    end = next((e for e in history.events(*ENDS) if e["request"] == request), None)
    note = "still open" if end is None else f"answered {end['status']}" if end.get("status") else "visitor left"
    return Lane(page.label, [] if sent is None else [Stretch(sent, end.t if end else None, BarKind.WAITING)], note=note)


def _sensors(history: History, standing: Mapping[str, State]) -> list[Lane]:
    return [_sensor(history, name, state) for name, state in standing.items()]


def _sensor(history: History, name: str, state: State) -> Lane:
    asked = leased = releasing = None
    bars = []
    for event in calls(history, [name]):
        word, has_come = split(event["tag"])[0], event.kind == EventKind.GATE_ARRIVED
        if word == "lease" and has_come:
            asked = event.t
        elif word == "lease" and asked is not None:
            bars.append(Stretch(asked, event.t, BarKind.WAITING))
            leased = event.t if event.get("status") == 200 else None
            asked = None
        elif word == "release" and has_come and leased is not None:
            bars.append(Stretch(leased, event.t, BarKind.UPSTREAM, LEASED))
            releasing, leased = event.t, None
        elif word == "release" and releasing is not None:
            bars.append(Stretch(releasing, event.t, BarKind.WAITING))
            releasing = None
    if leased is not None:
        bars.append(Stretch(leased, None, BarKind.UPSTREAM, LEASED))
    return Lane(f"  {name}", bars, note="" if state is State.FREE else state.value)
