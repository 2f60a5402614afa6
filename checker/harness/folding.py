"""Rows of a picture that say the same: the first few stay, and the last; between them is a count."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Hashable

from course.pictures import TimelineRow

SHOWN_OF_ALIKE = 2
FOLDED_FROM = 6
CROWD = 12  # so many rows of one kind are folded whatever their times: none of them is looked at alone
ALIKE_SHARE = 0.25  # of the span: rows whose bars differ by less look the same


def folded(rows: list[TimelineRow], span_ms: float) -> list[TimelineRow]:
    """Rows that look alike stand together; of many, the first few, a count and the last.

    The last came last: where one too many was let in, it is that one.
    """
    kinds = Counter(_without_numbers(row) for row in rows)
    groups: list[list[TimelineRow]] = []
    for row in rows:
        is_of_crowd = kinds[_without_numbers(row)] >= CROWD
        group = next((g for g in groups if _alike(g[0], row, math.inf if is_of_crowd else span_ms)), None)
        if group is None:
            groups.append([row])
        else:
            group.append(row)
    shown: list[TimelineRow] = []
    for group in groups:
        if len(group) < FOLDED_FROM:
            shown += group
        else:
            left_out = len(group) - SHOWN_OF_ALIKE - 1
            shown += [*group[:SHOWN_OF_ALIKE], TimelineRow(f"{left_out} more like these"), group[-1]]
    return shown


def _alike(one: TimelineRow, other: TimelineRow, span_ms: float) -> bool:
    return _without_numbers(one) == _without_numbers(other) and all(
        max(abs(a.start_ms - b.start_ms), abs(a.end_ms - b.end_ms)) <= ALIKE_SHARE * span_ms
        for a, b in zip(one.bars, other.bars, strict=True)
    )


def _without_numbers(row: TimelineRow) -> Hashable:
    bars = tuple(bar.kind for bar in row.bars)
    marks = tuple(mark.label for mark in row.marks)
    return (re.sub(r"\d+", "#", row.name), re.sub(r"\d+", "#", row.note), bars, marks)
