"""The price desk drawn: its calls in as many lanes as were ever open together, and its heartbeats as moments."""

from __future__ import annotations

from collections.abc import Sequence

from checker.harness.events import EventKind
from checker.harness.history import History
from checker.harness.picture import Lane, Picture, Stretch, calls
from checker.stage_1.python_asyncio.desk import Desk
from course.pictures import BarKind

PARSE = "parse-"


def staircase(picture: Picture, history: History, desk: Desk, title: str) -> None:
    """Each call goes to the first lane that is free when it arrives: with a limit of four the stairs have four."""
    lanes: list[list[Stretch]] = []
    for tag, stretch in _calls(history, desk):
        free = next((lane for lane in lanes if (end := lane[-1].end_s) is not None and end <= stretch.start_s), None)
        if free is None:
            lanes.append(free := [])
        free.append(Stretch(stretch.start_s, stretch.end_s, BarKind.WAITING, tag))
    rows = [Lane(f"call {n}", lane, note=" ".join(s.label for s in lane)) for n, lane in enumerate(lanes, 1)]
    picture.lanes(title, rows)


def heartbeats(picture: Picture, history: History, desk: Desk, title: str) -> None:
    """The calls, the time in parse() as a row of its own, and the moments of the beats below."""
    rows = []
    for tag, stretch in _calls(history, desk):
        symbol = tag.removeprefix(PARSE)
        if tag.startswith(PARSE):
            rows.append(Lane(f"parse {symbol}", [Stretch(stretch.start_s, stretch.end_s, BarKind.WORKING, symbol)]))
        else:
            rows.append(Lane(f"call {symbol}", [Stretch(stretch.start_s, stretch.end_s, BarKind.WAITING, symbol)]))
    beats = [at for at, line in _lines(history, desk) if '"beat"' in line]
    rows.append(Lane("heart", moments=[(at, "sent") for at in beats], note=_rhythm(rows, beats)))
    picture.lanes(title, rows)


def calls_by_symbol(picture: Picture, history: History, desk: Desk, title: str) -> None:
    """A row for each symbol: its calls one after the other, and the moment when it was told."""
    made = _calls(history, desk)
    lines = _lines(history, desk)
    rows = []
    for symbol in desk.plan.symbols:
        mine = [stretch for tag, stretch in made if tag == symbol]
        bars = [Stretch(s.start_s, s.end_s, BarKind.WAITING, f"call {n}") for n, s in enumerate(mine, 1)]
        words = [(at, word) for at, line in lines if (word := _told(line, symbol))]
        told = ", ".join(word for _, word in words) or "not told"
        note = f"{len(bars)} call{'' if len(bars) == 1 else 's'}, {told}"
        rows.append(Lane(symbol, bars, [(at, "sent") for at, _ in words], note))
    picture.lanes(title, rows)


def _told(line: str, symbol: str) -> str:
    if f'"{symbol}"' not in line:
        return ""
    return next((word for word in ("quote", "failed") if f'"event": "{word}"' in line), "")


def _rhythm(rows: Sequence[Lane], beats: Sequence[float]) -> str:
    """Where beats fall into one sign on the screen, the note still tells how many there were, and until when."""
    if not beats:
        return "no beat"
    start = min([*beats, *(stretch.start_s for lane in rows for stretch in lane.stretches)])
    return f"{len(beats)} beats until {beats[-1] - start:.1f} s"


def _lines(history: History, desk: Desk) -> list[tuple[float, str]]:
    lines = history.events(EventKind.PROGRAM_LINE, since=desk.started_s)
    return [(e.t, str(e["line"])) for e in lines if e["name"] == desk.program.name]


def _calls(history: History, desk: Desk) -> list[tuple[str, Stretch]]:
    return [(lane.name, stretch) for lane in calls(history, since=desk.started_s) for stretch in lane.stretches]
