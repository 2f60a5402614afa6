"""Who owns this thread: the calls of a check, in a row for each thread that has made them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from checker.harness.history import History
from checker.harness.picture import Lane, Picture, Stretch, calls
from checker.stage_5.asgiref_bridges.calls import CLOSE, LOOK_UP, OPEN, SIGN, read
from checker.stage_5.asgiref_bridges.depot import Depot
from course.pictures import BarKind

AWAITED = (OPEN, LOOK_UP, SIGN, CLOSE)
MOST_ROWS = 8


@contextmanager
def threads(depot: Depot, picture: Picture, title: str) -> Iterator[None]:
    """Draw the block's calls, whether it ends well or not; those that are awaited lie in their loop's thread."""
    since = History.now()
    try:
        yield
    finally:
        picture.lanes(title, _lanes(depot, since)[:MOST_ROWS])


def _lanes(depot: Depot, since: float) -> list[Lane]:
    history = depot.uvicorn.run.history
    rows: dict[str, list[Stretch]] = {}
    for made in calls(history, since=since):
        call = read(made.name)
        kind = BarKind.WAITING if call.what in AWAITED else BarKind.UPSTREAM
        for stretch in made.stretches:
            rows.setdefault(call.thread or "?", []).append(Stretch(stretch.start_s, stretch.end_s, kind, call.what))
    return [Lane(thread, stretches, note=_told(stretches)) for thread, stretches in rows.items()]


def _told(stretches: list[Stretch]) -> str:
    """How often it did what: "fetch 3", "open, sign 2"."""
    counts: dict[str, int] = {}
    for stretch in stretches:
        counts[stretch.label] = counts.get(stretch.label, 0) + 1
    return ", ".join(what if count == 1 else f"{what} {count}" for what, count in counts.items())
