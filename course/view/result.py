"""One check's end: its line, and for a failed one wanted, saw, where, its pictures and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from course.model import CheckResult, Finding, Outcome
from course.view import place
from course.view.picture import Drawing
from course.view.place import NOWHERE, Project
from course.view.rows import (
    BLANK,
    FAILED,
    MARGIN,
    PASSED,
    SKIPPED,
    STALE,
    Block,
    Drawn,
    Piece,
    Row,
    bad,
    dim,
    good,
    height,
    narrowed,
)
from course.view.screens import Screen, rendered
from course.view.waiting import waits

INDENT = 4
LABEL_COLUMNS = 9

Words = tuple[str | Piece, ...]

_SYMBOLS = {
    Outcome.PASSED: good(PASSED),
    Outcome.FAILED: bad(FAILED),
    Outcome.SKIPPED: Piece(SKIPPED),
    Outcome.INCONCLUSIVE: Piece(STALE),
    Outcome.BROKEN: bad(FAILED),
}


def draw(
    result: CheckResult,
    screen: Screen,
    project: Project = NOWHERE,
    *,
    with_pictures: bool = False,
    number: int = 0,
    record: str = "",
) -> Iterator[Drawn]:
    """The check's rows, whole. A failed check always has its pictures, others when asked for.

    `record` is the file that has what the pictures leave out, if it is there already.
    """
    shows_pictures = with_pictures or result.outcome is Outcome.FAILED
    yield line(result, number)
    if result.finding is not None:
        yield BLANK
        for label, text in finding_texts(result.finding, project, screen.columns):
            yield finding_row(label, text)
    yield from reason(result)
    has_pictures = False
    for picture in pictures(result, screen, record=record) if shows_pictures else ():
        has_pictures = True
        yield BLANK
        yield picture
    if result.outcome is Outcome.FAILED or result.finding is not None or has_pictures:
        yield BLANK


def line(result: CheckResult, number: int = 0) -> Row:
    """The one line of a check. One that has not passed has its number in the list, by which others refer to it."""
    label = symbol(result.outcome)
    named = f"check {number} · " if number and result.outcome is not Outcome.PASSED else ""
    if result.outcome is Outcome.SKIPPED:
        needs = "needs a check above" if waits(result) else "not run"
        return Row(dim(result.sentence), label=label, label_columns=2, right=dim(f"{named}{needs}"))
    return Row(result.sentence, label=label, label_columns=2, right=dim(f"{named}{result.seconds:.1f} s"))


def symbol(outcome: Outcome) -> Piece:
    """The sign of how something ended."""
    return _SYMBOLS[outcome]


def reason(result: CheckResult) -> Iterator[Row]:
    """Why a check was not judged, where it is not for another one."""
    if result.reason and not waits(result):
        yield Row(dim(_reason(result)), label_columns=2)


def has_pictures(result: CheckResult) -> bool:
    """Whether anything is drawn of it."""
    return bool(result.charts or result.conversation or (result.timeline is not None and result.timeline.rows))


def pictures(result: CheckResult, screen: Screen, most: int | None = None, *, record: str = "") -> Iterator[Block]:
    """What a check drew, or what was drawn of its traffic; with `most`, each in so many lines."""
    from course.view import chart, messages, timeline

    width = screen.columns - 2 * MARGIN - narrowed(INDENT, screen.columns)
    drawings: list[Drawing | messages.Talk] = []
    if result.timeline is not None and result.timeline.rows:
        drawings.append(timeline.draw(result.timeline, width))
    if result.conversation is not None:
        drawings.append(messages.draw(result.conversation, width, record))
    drawings += [chart.draw(drawn, width) for drawn in result.charts]
    for drawing in drawings:
        columns = drawing.columns if isinstance(drawing, messages.Talk) else None
        yield rendered(drawing.whole() if most is None else drawing.within(most), screen, INDENT, columns)


def finding_texts(finding: Finding, project: Project, columns: int) -> list[tuple[str, Words]]:
    """The parts of a finding, each with its label. What a line says stands under its place where both are too long."""
    texts: list[tuple[str, Words]] = [("wanted", (finding.wanted,)), ("saw", (finding.saw,))]
    if finding.where is not None:
        at, says = place.drawn(finding.where, project)
        where: Words = (at, f"  {says}" if says else "")
        if height([finding_row("where", where)], columns) > 1 and says:
            where = (at, f"\n{says}")
        texts.append(("where", where))
    if finding.next:
        texts.append(("next", (finding.next,)))
    return texts


def finding_row(label: str, text: Words) -> Row:
    """One part of a finding."""
    return Row(text, label=dim(label), label_columns=LABEL_COLUMNS, indent=INDENT)


def _reason(result: CheckResult) -> str:
    match result.outcome:
        case Outcome.INCONCLUSIVE:
            return f"cannot tell: {result.reason}"
        case Outcome.BROKEN:
            return f"this check itself is broken:\n{result.reason.rstrip()}"
        case _:
            return result.reason
