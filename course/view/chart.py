"""A chart as text: a bar for each value, with its number. Says the same with and without colour."""

from __future__ import annotations

from math import floor, log10

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from course.pictures import Chart
from course.view.picture import Drawing

NAME_COLUMNS = 24
BAR_COLUMNS = (10, 40)  # at least, at most
GAP = 2
FILL = "█"


def draw(chart: Chart, width: int) -> Drawing:
    """The picture in at most `width` columns. Where it is narrow, a value's note drops under its bar."""
    names = min(max(cell_len(v.name) for v in chart.values), NAME_COLUMNS, width // 3)
    numbers = [f"{number(v.value)} {chart.unit}" for v in chart.values]
    figures = max(map(len, numbers))
    notes = max((cell_len(v.note) for v in chart.values), default=0)
    room = width - names - figures - 2 * GAP
    least, most = BAR_COLUMNS
    beside = notes > 0 and room - notes - GAP >= least
    columns = max(min(room - (notes + GAP if beside else 0), most), 4)
    body = []
    for value, figure, share in zip(chart.values, numbers, shares(chart), strict=True):
        bar = FILL * max(round(share * columns), 1)
        line = f"{_cut(value.name, names)}{' ' * GAP}{bar.ljust(columns)}{' ' * GAP}{figure.rjust(figures)}"
        entry = [Text(line + (f"{' ' * GAP}{value.note}" if beside and value.note else ""))]
        if value.note and not beside:
            entry.append(Text(" " * (names + GAP) + value.note, style="dim"))
        body.append(entry)
    return Drawing([Text(line) for line in _title(chart, width)], body)


def shares(chart: Chart) -> list[float]:
    """How much of the axis each bar fills, from 0 to 1. A log axis begins at the decade below the least value."""
    most = max(v.value for v in chart.values)
    if not chart.log:
        return [v.value / most if most > 0 else 0.0 for v in chart.values]
    measured = [v.value for v in chart.values if v.value > 0]
    if not measured:
        return [0.0 for _ in chart.values]
    first = floor(log10(min(measured)))
    decades = max(log10(most) - first, 1.0)
    return [(log10(v.value) - first) / decades if v.value > 0 else 0.0 for v in chart.values]


def number(value: float) -> str:
    """Three digits that count: 0.43, 2.1, 240, 1,250."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _title(chart: Chart, width: int) -> list[str]:
    title = f"{chart.title} (log axis)" if chart.log else chart.title
    return [_cut(title, width).rstrip()] if chart.title else []


def _cut(text: str, columns: int) -> str:
    if cell_len(text) > columns:
        text = set_cell_size(text, max(columns - 1, 0)).rstrip() + "…"
    return set_cell_size(text, columns)
