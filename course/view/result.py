"""One check's end: its line, and for a failed one wanted, saw, where, its timeline and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from course.model import Chart, CheckResult, Conversation, Finding, Outcome, SourceLine, Timeline
from course.view.rows import BLANK, FAILED, MARGIN, PASSED, SKIPPED, STALE, Drawn, Piece, Row, bad, dim, good, narrowed
from course.view.screens import Screen, rendered

INDENT = 4
LABEL_COLUMNS = 9
NEEDS = "needs: "

_SYMBOLS = {
    Outcome.PASSED: good(PASSED),
    Outcome.FAILED: bad(FAILED),
    Outcome.SKIPPED: Piece(SKIPPED),
    Outcome.INCONCLUSIVE: Piece(STALE),
    Outcome.BROKEN: bad(FAILED),
}


def draw(result: CheckResult, screen: Screen, *, with_timeline: bool = False) -> Iterator[Drawn]:
    """The check's rows. A failed check always has its timeline, others when asked for."""
    yield _line(result)
    if result.finding is not None:
        yield BLANK
        yield from _finding(result.finding)
    if result.reason and not result.reason.startswith(NEEDS):
        yield Row(dim(_reason(result)), label_columns=2)
    failed = result.outcome is Outcome.FAILED
    if result.timeline is not None and result.timeline.rows and (failed or with_timeline):
        yield BLANK
        yield from timeline(result.timeline, screen)
    if result.conversation is not None and (failed or with_timeline):
        yield BLANK
        yield _messages(result.conversation, screen)
    for chart in result.charts if failed or with_timeline else ():
        yield BLANK
        yield _chart(chart, screen)
    if failed or result.finding is not None or (with_timeline and _has_picture(result)):
        yield BLANK


def timeline(drawn: Timeline, screen: Screen) -> Iterator[Drawn]:
    """The picture of a check's traffic."""
    from course.view import timeline as picture

    yield rendered(picture.draw(drawn, _width(screen)), screen, INDENT)


def _has_picture(result: CheckResult) -> bool:
    return result.timeline is not None or result.conversation is not None or bool(result.charts)


def _messages(drawn: Conversation, screen: Screen) -> Drawn:
    from course.view import messages as picture

    return rendered(picture.draw(drawn, _width(screen)), screen, INDENT)


def _chart(drawn: Chart, screen: Screen) -> Drawn:
    from course.view import chart as picture

    return rendered(picture.draw(drawn, _width(screen)), screen, INDENT)


def _width(screen: Screen) -> int:
    return screen.columns - 2 * MARGIN - narrowed(INDENT, screen.columns)


def place(where: SourceLine) -> str:
    """`shop/views.py:14 report()  time.sleep(1)`."""
    function = f" {where.function}()" if where.function and where.function != "<module>" else ""
    doing = f"  {where.doing}" if where.doing else ""
    return f"{where.file}:{where.line}{function}{doing}"


def _line(result: CheckResult) -> Row:
    symbol = _SYMBOLS[result.outcome]
    if result.outcome is Outcome.SKIPPED:
        needs = "needs a check above" if result.reason.startswith(NEEDS) else "not run"
        return Row(dim(result.sentence), label=symbol, label_columns=2, right=dim(needs))
    return Row(result.sentence, label=symbol, label_columns=2, right=dim(f"{result.seconds:.1f} s"))


def _finding(finding: Finding) -> Iterator[Row]:
    rows = [("wanted", finding.wanted), ("saw", finding.saw)]
    if finding.where is not None:
        rows.append(("where", place(finding.where)))
    if finding.next:
        rows.append(("next", finding.next))
    for label, text in rows:
        yield Row(text, label=dim(label), label_columns=LABEL_COLUMNS, indent=INDENT)


def _reason(result: CheckResult) -> str:
    match result.outcome:
        case Outcome.INCONCLUSIVE:
            return f"cannot tell: {result.reason}"
        case Outcome.BROKEN:
            return f"this check itself is broken:\n{result.reason.rstrip()}"
        case _:
            return result.reason
