"""A timeline as text: a row for each worker, loop or request, on one clock. Says the same with and without colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from course.pictures import Bar, BarKind, Mark, Timeline, TimelineRow
from course.view.picture import Drawing

NAME_COLUMNS = 18
NOTE_COLUMNS = 28
BAR_COLUMNS = (20, 44)  # at least, at most
GAP = 2

_SHADES = {BarKind.WORKING: "█", BarKind.WAITING: "░", BarKind.STALLED: "▒", BarKind.UPSTREAM: "▓"}
_MEANINGS = {BarKind.WORKING: "in the app", BarKind.WAITING: "waiting", BarKind.STALLED: "loop stalled"}
_STYLES = {"░": "dim", "▒": "red", "✗": "red"}
_FRAMES = {"sent": "▸", "received": "◂"}
_END = "✗"


def draw(timeline: Timeline, width: int) -> Drawing:
    """The picture in at most `width` columns. Where it is narrow, a row's note drops under the row."""
    layout = _Layout.of(timeline, width)
    painted = [_cells(row, timeline.span_ms, layout.bars) if _has_picture(row) else [] for row in timeline.rows]
    title = [Text(_cut(timeline.title, width))] if timeline.title else []
    body = [_lines(row, cells, layout) for row, cells in zip(timeline.rows, painted, strict=True)]
    places = {bar.kind: bar.label for row in timeline.rows for bar in row.bars if bar.kind is BarKind.UPSTREAM}
    legend = _legend({cell for cells in painted for cell in cells}, _MEANINGS | places, width)
    return Drawing([*title, _scale(timeline, layout)], body, legend)


@dataclass(frozen=True, slots=True)
class _Layout:
    """The columns of each part; `beside` says whether notes stand to the right of the bars."""

    width: int
    names: int
    bars: int
    beside: bool

    @classmethod
    def of(cls, timeline: Timeline, width: int) -> _Layout:
        names = max((cell_len(row.name) for row in timeline.rows if _is_drawn(row)), default=0)
        names = min(names, NAME_COLUMNS, width // 3)
        notes = max((cell_len(_note(row)) for row in timeline.rows if _has_picture(row)), default=0)
        least, most = BAR_COLUMNS
        room = width - names - GAP
        bars = room - (min(notes, NOTE_COLUMNS) + GAP if notes else 0)
        beside = bars >= least
        return cls(width, names, max(4, min(bars if beside else room, most)), beside)

    @property
    def indent(self) -> str:
        return " " * (self.names + GAP)

    @property
    def note_room(self) -> int:
        return self.width - self.names - GAP - (self.bars + GAP if self.beside else 0)


def _scale(timeline: Timeline, layout: _Layout) -> Text:
    span_ms = timeline.span_ms
    end = f"{span_ms:.0f} ms" if span_ms < 10_000 else f"{span_ms / 1000:.1f} s"
    return Text(layout.indent + "0" + end.rjust(layout.bars - 1), style="dim")


def _lines(row: TimelineRow, cells: list[str], layout: _Layout) -> list[Text]:
    if not _is_drawn(row):
        return [Text(_cut(row.name, layout.width), style="dim")]
    line = Text(_cut(row.name, layout.names, fill=True) + " " * GAP)
    note = _note(row)
    if not cells:  # nothing is drawn: there is room for words
        return [line.append(_cut(note, layout.width - layout.names - GAP))]
    for cell in cells if note and layout.beside else "".join(cells).rstrip():
        line.append(cell, style=_STYLES.get(cell, ""))
    if not note:
        return [line]
    note = _cut(note, layout.note_room)
    if layout.beside:
        return [line.append(" " * GAP + note)]
    return [line, Text(layout.indent + note)]


def _is_drawn(row: TimelineRow) -> bool:
    """False for a row that only says something of the others: `36 more alike`."""
    return bool(row.note) or _has_picture(row)


def _has_picture(row: TimelineRow) -> bool:
    return bool(row.bars or row.marks)


def _cells(row: TimelineRow, span_ms: float, columns: int) -> list[str]:
    cells = [" "] * columns
    for bar in row.bars:
        first, end = _stretch(bar, span_ms, columns)
        # However short, what happened is seen: a later bar may take a cell from an earlier one.
        cells[first:end] = _SHADES[bar.kind] * (end - first)
    for before, bar in pairwise(row.bars):
        began, ended = _stretch(before, span_ms, columns)
        first, _ = _stretch(bar, span_ms, columns)
        # Two of a kind that meet stay two: the first one gives its last sign.
        if before.kind is bar.kind and first <= ended <= first + 1 and first - began > 1:
            cells[first - 1] = " "
    for mark in row.marks:
        if not _belongs_to_stall(mark, row):
            cells[_column(mark.at_ms, span_ms, columns)] = _FRAMES.get(mark.label, _END)
    return cells


def _stretch(bar: Bar, span_ms: float, columns: int) -> tuple[int, int]:
    first = _column(bar.start_ms, span_ms, columns)
    return first, max(first + 1, min(columns, round(bar.end_ms / span_ms * columns)))


def _column(at_ms: float, span_ms: float, columns: int) -> int:
    return min(columns - 1, max(0, int(at_ms / span_ms * columns)))


def _note(row: TimelineRow) -> str:
    """What stands to the right: the row's note, and what its marks say in words."""
    words = [row.note] if row.note else []
    words += [mark.label for mark in row.marks if mark.label not in _FRAMES]
    return ", ".join(dict.fromkeys(words))


def _belongs_to_stall(mark: Mark, row: TimelineRow) -> bool:
    return any(bar.kind is BarKind.STALLED and bar.label == mark.label for bar in row.bars)


def _legend(painted: set[str], meanings: Mapping[BarKind, str], width: int) -> list[Text]:
    """The symbols that the picture uses, in as many lines as they need."""
    parts = [f"{_SHADES[kind] * 2} {meanings[kind]}" for kind in BarKind if _SHADES[kind] in painted]
    parts += [f"{symbol} {label}" for label, symbol in _FRAMES.items() if symbol in painted]
    lines = [""]
    for part in parts:
        if lines[-1] and cell_len(lines[-1]) + 3 + cell_len(part) > width:
            lines.append("")
        lines[-1] += ("   " if lines[-1] else "") + part
    return [Text(line, style="dim") for line in lines if line]


def _cut(text: str, columns: int, *, fill: bool = False) -> str:
    text = "".join(character if character.isprintable() else " " for character in text)
    if cell_len(text) > columns:
        text = set_cell_size(text, max(columns - 1, 0)).rstrip() + "…"
    return set_cell_size(text, columns) if fill else text
