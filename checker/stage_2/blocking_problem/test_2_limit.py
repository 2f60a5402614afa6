"""Checks of The Blocking Problem: a report takes no slot more than it was given, and gives it back.

And how many slots a shop needs, which capacity.toml predicts.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from checker.harness.findings import fail
from checker.harness.http import Answer, is_retry_after
from checker.harness.learner_files import expect_toml
from checker.harness.suite import needs
from checker.stage_2.blocking_problem.places import line_of
from checker.stage_2.blocking_problem.shop import SLOTS, Reports, Shop
from course.model import SourceLine

ROUNDS = 3
# The number of each round's first report, and of the first after them.
FIRSTS = [1 + turn * SLOTS for turn in range(ROUNDS)]
LAST = 1 + ROUNDS * SLOTS
# By table and name: the right number, and the finding for a wrong one.
PREDICTIONS = {
    ("reports_in_flight", "one_sync_worker"): (1, "wrong-workers-prediction"),
    ("reports_in_flight", "three_sync_workers"): (3, "wrong-workers-prediction"),
    ("reports_in_flight", "one_worker_four_threads"): (4, "wrong-threads-prediction"),
    ("reports_in_flight", "blocking_async_view"): (1, "wrong-loop-prediction"),
    # Little's law: 120/s x 0.25 s = 30 busy slots on average, and 30 / 0.8 = 37.5.
    ("slots", "needed"): (38, "wrong-slots-prediction"),
}


@needs("test_a_fast_page_is_served_while_five_reports_run")
def test_a_sixth_report_is_refused_at_once(shop: Shop) -> None:
    """A sixth report is refused at once, with 503 and Retry-After."""
    with shop.workers.crowded():
        reports = shop.expect_running_reports(SLOTS)
        refusal = shop.expect_refusal("6", reports, held_code="limit-not-met")
        if not is_retry_after(refusal.headers["Retry-After"]):
            fail(
                "no-retry-after",
                wanted="the refusal says when to come again: Retry-After, in whole seconds or as a date",
                saw=f"503 with Retry-After: {refusal.headers['Retry-After'] or 'missing'}",
                where=shop.places.comes_again,
            )
        shop.expect_refused_at_once(
            [refusal, *expect_more_refused(shop, reports, (7, 8), "limit-grows", "after report 6 was refused")]
        )
    shop.expect_reports(reports)


@needs("test_a_sixth_report_is_refused_at_once")
def test_the_limit_holds_for_the_whole_site(shop: Shop) -> None:
    """The limit holds for the whole site, whichever worker a report meets."""
    with shop.workers.crowded():
        reports = shop.expect_running_reports(SLOTS)
    with shop.workers.only_others(reports.values()):
        shop.expect_refusal("6", reports, held_code="limit-not-met")
    shop.expect_reports(reports)


@needs("test_the_limit_holds_for_the_whole_site")
def test_a_slot_comes_back_after_a_report(shop: Shop) -> None:
    """A slot comes back when its report is done."""
    after = " again, after five were answered"
    for first in FIRSTS:
        shop.expect_reports(shop.expect_running_reports(SLOTS, first=first, refused_code="slot-lost", after=after))
    expect_five_and_no_more(shop, "slot-lost", after)


@needs("test_the_limit_holds_for_the_whole_site")
def test_a_slot_comes_back_after_an_error(shop: Shop) -> None:
    """A slot comes back when the database fails."""
    after = " again, after five ended with a database error"
    for first in FIRSTS:
        reports = shop.expect_running_reports(SLOTS, first=first, refused_code="slot-lost-on-error", after=after)
        shop.gate.release(status=500)
        shop.settle(reports)
    expect_five_and_no_more(shop, "slot-lost-on-error", after)


@needs("test_a_slot_comes_back_after_an_error")
def test_a_slot_comes_back_after_a_visitor_left(shop: Shop) -> None:
    """A slot comes back when the visitor has left."""
    after = " again, after five visitors had left"
    for first in FIRSTS:
        reports = shop.expect_running_reports(SLOTS, first=first, refused_code="slot-lost-on-leaving", after=after)
        for report in reports.values():
            report.hang_up()
        # The query knows nothing of the visitor: it ends when the database is done.
        shop.gate.release()
        shop.settle(reports)
    expect_five_and_no_more(shop, "slot-lost-on-leaving", after)


def test_capacity_is_predicted(project: Path) -> None:
    """capacity.toml holds the right predictions."""
    predictions, text = expect_toml(project, "capacity.toml")
    wrong = []
    for (table, name), (right, code) in PREDICTIONS.items():
        section = predictions.get(table)
        predicted = section.get(name) if isinstance(section, dict) else None
        if predicted != right or isinstance(predicted, bool):
            wrong.append((name, "missing" if predicted is None else predicted, code))
    if wrong:
        first, predicted, code = wrong[0]
        fail(
            code,
            wanted="predictions that an experiment, or Little's law, bears out",
            saw="not so: " + ", ".join(f"{name} = {number}" for name, number, _ in wrong),
            where=SourceLine("capacity.toml", line_of(first, text)),
            facts={"name": first, "predicted": str(predicted)},
        )


def expect_five_and_no_more(shop: Shop, refused_code: str, after: str) -> None:
    """All five slots are there again, and not a sixth."""
    reports = shop.expect_running_reports(SLOTS, first=LAST, refused_code=refused_code, after=after)
    more = (LAST + SLOTS, LAST + SLOTS + 1)
    expect_more_refused(shop, reports, more, "given-back-twice", after.removeprefix(" again, "))
    shop.expect_reports(reports)


def expect_more_refused(
    shop: Shop, reports: Reports, numbers: Iterable[int], held_code: str, after: str
) -> list[Answer]:
    """What came before, a refusal too, must not have made room for one more."""
    return [
        shop.expect_refusal(str(n), reports, held_code=held_code, saw_held=f"report {n} was let in, {after}: ")
        for n in numbers
    ]
