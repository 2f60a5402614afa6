"""The failures of a run, below all else: by their causes, the first one last and whole, where the eye is.

A block fits a terminal of 24 rows with what closes the run and a prompt. What is cut is the picture first, then what
was seen; `learn show` has both whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from course.model import CheckResult, Finding, Outcome
from course.view import result as view
from course.view.measure import wrapped
from course.view.picture import LEAST_LINES
from course.view.place import Project
from course.view.result import INDENT, LABEL_COLUMNS, Words
from course.view.rows import BLANK, FAILED, MARGIN, Drawn, Piece, Row, bad, cut, dim, height, narrowed, reading, safe
from course.view.screens import Screen
from course.view.waiting import numbered

BLOCK_ROWS = 22  # of a failure with all that stands below it
PROMPT_ROWS = 2
PICTURE_ROWS = 8
WHOLE_BLOCKS = 2
CUT_TO = (("saw", 4), ("wanted", 3), ("next", 3), ("saw", 2), ("where", 1))  # what gives way, and how far
MORE = "… the rest: learn show"


@dataclass(frozen=True, slots=True)
class Cause:
    """A failure, with the places in the list (from 1) of all checks that met it: same code, `where` and saw."""

    result: CheckResult
    finding: Finding
    numbers: tuple[int, ...]


def causes(results: Sequence[CheckResult]) -> list[Cause]:
    """The causes of a run's failures, in the order of the lesson."""
    found: dict[object, Cause] = {}
    for number, result in numbered(results):
        if result.outcome is Outcome.FAILED and (finding := result.finding) is not None:
            key = (finding.code, finding.where, finding.saw)
            first = found.get(key, Cause(result, finding, ()))
            found[key] = replace(first, numbers=(*first.numbers, number))
    return list(found.values())


def draw(results: Sequence[CheckResult], screen: Screen, project: Project, *, below: int) -> Iterator[Drawn]:
    """The failures of a run; `below` them come so many rows. The first of the lesson stands at the bottom."""
    found = causes(results)
    yield from _further(found[WHOLE_BLOCKS:], screen)
    room = min(BLOCK_ROWS, screen.rows - PROMPT_ROWS) - below
    for cause in reversed(found[:WHOLE_BLOCKS]):
        yield BLANK
        yield from _block(cause, screen, project, room)


def _further(found: Sequence[Cause], screen: Screen) -> Iterator[Drawn]:
    if not found:
        return
    yield BLANK
    for cause in found:
        label = f"{_checks(cause.numbers)}: "
        text = cut(cause.finding.saw, reading(screen.columns) - 2 * MARGIN - 2 - len(label))
        yield Row((dim(label), text), label=bad(FAILED), label_columns=2)
    yield Row(dim("learn show has them whole" if len(found) > 1 else "learn show has it whole"), label_columns=2)


def _block(cause: Cause, screen: Screen, project: Project, room: int) -> Iterator[Drawn]:
    whole = dict(view.finding_texts(cause.finding, project, screen.columns))
    texts = dict(whole)
    above: list[Drawn] = [Row(cause.result.sentence, label=bad(FAILED), label_columns=2)]
    if others := cause.numbers[1:]:
        above.append(Row(dim(f"same cause: {_checks(others)}"), label_columns=2))
    above.append(BLANK)

    def text() -> list[Drawn]:
        return [*above, *(view.finding_row(label, words) for label, words in texts.items())]

    def left() -> int:
        return room - height(text(), screen.columns)

    picture = _picture(cause.result, screen, left())
    for label, least in CUT_TO:
        if left() < 0 and label in texts:
            now = height([view.finding_row(label, texts[label])], screen.columns)
            texts[label] = _cut(whole[label], screen, max(now + left(), least))
    yield from text()
    yield from picture


def _picture(result: CheckResult, screen: Screen, room: int) -> list[Drawn]:
    """The first picture, within the room that is left for it, and a word on what is not shown."""
    if not view.has_pictures(result):
        return []
    whole = list(view.pictures(result, screen))
    more = [Row(dim("more pictures: learn show"), indent=INDENT)] if len(whole) > 1 else []
    most = min(PICTURE_ROWS, room - 1 - len(more))
    first = next(view.pictures(result, screen, most))
    if most >= LEAST_LINES and height([first], screen.columns) <= most:
        return [BLANK, first, *more]
    return [BLANK, Row(dim("its picture: learn show"), indent=INDENT)] if room > 1 else []


def _cut(text: Words, screen: Screen, most: int) -> Words:
    """The text in `most` lines. Of several lines, as a log has them, the last one stays: it tells the error."""
    whole = safe("".join(piece.text if isinstance(piece, Piece) else piece for piece in text)).rstrip()
    columns = reading(screen.columns) - 2 * MARGIN - narrowed(INDENT, screen.columns) - LABEL_COLUMNS
    lines = [line for line, _ in wrapped(whole, columns)]
    if len(lines) <= most:
        return text
    if most == 1:
        return (cut(whole, columns),)
    *others, last = whole.split("\n")
    tail = f"\n{cut(last, columns)}" if others and most > 2 else ""
    first = "\n".join(lines[: most - 1 - bool(tail)])
    return (f"{first}\n", dim(MORE), tail)


def _checks(numbers: Sequence[int]) -> str:
    return f"check{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
