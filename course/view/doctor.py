"""What the doctor saw, group by group; what is lacking comes with its remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from course.learner.doctor import Health, Part
from course.view.rows import BLANK, FAILED, PASSED, STALE, Piece, Row, bad, dim, good

_SYMBOLS = {Health.FINE: good(PASSED), Health.NOTED: Piece(STALE), Health.LACKING: bad(FAILED)}
NAME_COLUMNS = 17


def draw(parts: Iterable[Part]) -> Iterator[Row]:
    """Every part as it is found, then one line that sums up."""
    group, lacking = "", 0
    for part in parts:
        if part.group != group:
            if group:
                yield BLANK
            group = part.group
            yield Row(group)
        label = (_SYMBOLS[part.health], f" {part.name}")
        yield Row(part.seen, label=label, label_columns=2 + NAME_COLUMNS, indent=2)
        if part.remedy:
            yield Row(dim(part.remedy), label_columns=2 + NAME_COLUMNS, indent=2)
        lacking += part.health is Health.LACKING
    yield BLANK
    if lacking:
        yield Row(f"This machine lacks {lacking} {'thing' if lacking == 1 else 'things'} that the checks need.")
    else:
        yield Row("All that the checks need is here.")
