"""Too late: a call by its timeout, an order by its deadline, and nothing is left of either.

Both are short where nobody answers, and are judged by what the desk has asked and told, never by time.
"""

from __future__ import annotations

from collections.abc import Sequence

from checker.harness.findings import NotYet, fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.picture import Picture
from checker.harness.suite import needs
from checker.stage_1.python_asyncio.desk import Desk, Start
from checker.stage_1.python_asyncio.drawings import calls_by_symbol
from checker.stage_1.python_asyncio.failures import expect_second_try_before_the_queue
from checker.stage_1.python_asyncio.limits import (
    PATIENT_S,
    expect_all_asked,
    expect_all_given_up,
    expect_deadline_kept,
    expect_given_up,
    expect_within_limit,
    late_trouble,
)
from checker.stage_1.python_asyncio.plan import PRICES, Plan
from checker.stage_1.python_asyncio.side_by_side import beside
from course.model import Finding


@needs("test_each_answer_lets_one_more_in", "test_a_failure_costs_one_symbol")
@beside
def test_a_late_call_is_given_up(start: Start, gate: Gate, history: History, picture: Picture) -> None:
    """A call that is too late is given up and tried once more; waiting for a turn does not count."""
    symbols = ("ACME", "BOLT", "CRUX")
    trouble: Finding | None = None
    # Nobody is ever answered. A machine so slow that 0.2 s is no time for a call gets the second, longer try.
    for timeout_s in (0.2, 2.0):
        gate.reset()
        desk = start(Plan(symbols, limit=1, timeout_s=timeout_s))
        try:
            expect_given_up(desk, gate)
            expect_all_given_up(desk)
        finally:
            calls_by_symbol(picture, history, desk, f"nobody answers, --limit 1 --timeout {timeout_s:g}")
        trouble = late_trouble(desk, history)
        if trouble is None:
            desk.expect_end("all three told as failed, then the end", failed=symbols, error_code="failure-costs-all")
            expect_beats_as_told(desk)
            return
        desk.program.stop(midway=True)
    if trouble is not None:
        raise NotYet(trouble)


def expect_beats_as_told(desk: Desk) -> None:
    """With an interval that is longer than the whole run there is one beat, or none."""
    if desk.beats > 1:
        wanted = f"with --heartbeat {desk.plan.heartbeat_s:g}, one beat at most in so short an order"
        fail("heartbeat-not-kept", wanted=wanted, saw=f"{desk.beats} beats")


@needs("test_each_answer_lets_one_more_in", "test_a_failure_costs_one_symbol")
@beside
def test_a_second_try_does_not_queue_again(start: Start, gate: Gate) -> None:
    """A second try counts within the limit, and does not start again at the end of the queue."""
    desk = start(Plan(tuple(PRICES)[:8], limit=2))
    expect_all_asked(desk, gate, 2, "with --limit 2, two calls are open at the same time")
    symbol = gate.held[0]
    expect_second_try_before_the_queue(desk, gate, symbol)
    desk.settle()
    expect_within_limit(desk, gate, has_retried=True)
    gate.open()
    desk.expect_end("the others are answered, then the end")


@needs("test_each_answer_lets_one_more_in", "test_a_failure_costs_one_symbol", "test_ctrl_c_ends_it_tidily")
@beside
def test_at_the_deadline_the_rest_is_named(start: Start, gate: Gate, history: History, picture: Picture) -> None:
    """At the deadline the order ends: what was told stays told, the rest is named as failed."""
    symbols = tuple(PRICES)[:7]
    desk = expect_two_told_in_time(start, gate, symbols)
    try:
        expect_deadline_kept(desk, gate, queued=symbols[5], rest=symbols[2:])
    finally:
        calls_by_symbol(picture, history, desk, f"two of seven answer, --limit 3 --deadline {desk.plan.deadline_s:g}")
    for symbol in symbols[:2]:
        desk.expect_told_right(symbol)


def expect_two_told_in_time(start: Start, gate: Gate, symbols: Sequence[str], deadline_s: float = 0.6) -> Desk:
    """A desk that has told two prices, has three calls open and two symbols waiting, when its deadline comes."""
    desk = start(Plan(tuple(symbols), limit=3, deadline_s=deadline_s))
    for symbol in symbols[:2]:
        desk.wait_called(symbol)
        desk.answer(symbol)
    is_quick = desk.wait_called(symbols[3]) and desk.wait_called(symbols[4]) and len(desk.quoted) == len(symbols[:2])
    if is_quick or deadline_s == PATIENT_S:
        return desk
    # On a machine so slow that these come after the first deadline, the second tells slow from wrong.
    desk.program.stop(midway=True)
    gate.reset()
    return expect_two_told_in_time(start, gate, symbols, PATIENT_S)


@needs("test_at_the_deadline_the_rest_is_named")
@beside
def test_nothing_is_left_at_the_end(start: Start) -> None:
    """When run() returns, every task it has started has ended, at a deadline too."""
    desk = start(Plan(("ACME",), limit=1))
    desk.wait_called("ACME")
    desk.expect_price("ACME", "ACME has its price")
    desk.expect_end("one price, then the end")
    desk.expect_nothing_left()
    symbols = ("BOLT", "CRUX", "DUNE")
    desk = start(Plan(symbols, limit=2, deadline_s=0.3))
    desk.expect_end(
        "three told as failed at the deadline, then the end", failed=symbols, error_code="deadline-costs-all"
    )
    desk.expect_nothing_left()
