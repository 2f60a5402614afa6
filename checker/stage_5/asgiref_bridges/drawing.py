"""Who owns this thread: the calls of a check, a row for each thread that made them, or for each who has asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from checker.harness.history import History
from checker.harness.picture import Lane, Picture, Stretch, calls
from checker.stage_5.asgiref_bridges.calls import CLOSE, LOOK_UP, OPEN, SIGN, Call, read
from checker.stage_5.asgiref_bridges.depot import Depot
from course.pictures import BarKind

AWAITED = (OPEN, LOOK_UP, SIGN, CLOSE)
MOST_ROWS = 8


@contextmanager
def threads(depot: Depot, picture: Picture, title: str) -> Iterator[None]:
    """Draw the block's calls by thread, whether it ends well or not; what is awaited lies in the thread of its loop."""

    def thread(call: Call) -> str:
        return _short(call.thread)

    with _drawn(depot, picture, title, thread, lambda call: call.what):
        yield


@contextmanager
def askers(depot: Depot, picture: Picture, title: str) -> Iterator[None]:
    """Draw the block's calls by who has asked, with the threads of their loops beside them."""

    def asker(call: Call) -> str:
        return depot.name_of(call.request)

    with _drawn(depot, picture, title, asker, lambda call: f"loop in {_short(call.thread)}"):
        yield


@contextmanager
def _drawn(
    depot: Depot, picture: Picture, title: str, row: Callable[[Call], str], note: Callable[[Call], str]
) -> Iterator[None]:
    since = History.now()
    try:
        yield
    finally:
        rows: dict[str, list[Stretch]] = {}
        notes: dict[str, Counter[str]] = {}
        for made in calls(depot.uvicorn.run.history, since=since):
            call = read(made.name)
            rows.setdefault(row(call), []).extend(_stretch(call, stretch) for stretch in made.stretches)
            notes.setdefault(row(call), Counter())[note(call)] += 1
        lanes = [Lane(name, stretches, note=_told(notes[name])) for name, stretches in rows.items()]
        picture.lanes(title, lanes[:MOST_ROWS])


def _stretch(call: Call, stretch: Stretch) -> Stretch:
    if call.what in AWAITED:
        return Stretch(stretch.start_s, stretch.end_s, BarKind.WAITING)
    return Stretch(stretch.start_s, stretch.end_s, BarKind.UPSTREAM, "blocked in the SDK")


def _short(thread: str) -> str:
    return thread.replace("ThreadPoolExecutor", "pool")


def _told(counts: Counter[str]) -> str:
    """What a row did: "fetch 3, sign-in"; where it ran is told once."""
    return ", ".join(
        what if count == 1 or what.startswith("loop") else f"{what} {count}" for what, count in counts.items()
    )
