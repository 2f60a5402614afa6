"""A call that fails, a connection that is reset, a user who presses Ctrl-C: none costs more than it must."""

from __future__ import annotations

import signal
from collections.abc import Collection

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.suite import needs
from checker.stage_1.python_asyncio.blame import line_of_swallowing
from checker.stage_1.python_asyncio.desk import Desk, Start
from checker.stage_1.python_asyncio.failures import (
    TRIES,
    expect_reset_costs_one,
    expect_second_try,
    expect_two_tries_at_most,
    judge_failure,
)
from checker.stage_1.python_asyncio.limits import expect_all_asked
from checker.stage_1.python_asyncio.patience import STEP_S
from checker.stage_1.python_asyncio.plan import PRICES, Plan
from checker.stage_1.python_asyncio.side_by_side import beside
from checker.stage_1.python_asyncio.upstream import Upstream

INTERRUPTED = (130, -signal.SIGINT)


@needs("test_prices_are_told_in_order_of_arrival")
def test_a_failure_costs_one_symbol(start: Start, gate: Gate) -> None:
    """A failing call is tried once more, and costs its own symbol only."""
    desk = start(Plan(("ACME", "BOLT", "CRUX", "DUNE"), limit=4))
    expect_all_asked(desk, gate, 4, "with --limit 4, four calls are open at the same time")
    expect_second_try(desk, gate, "ACME")
    desk.expect_price("ACME", "ACME has its price from the second try")
    expect_second_try(desk, gate, "BOLT")
    gate.release("BOLT", status=500)
    wanted = "BOLT, which failed twice, is told as failed while CRUX and DUNE are still open"
    told = desk.wait_heard(lambda: "BOLT" in desk.failed or desk.asked("BOLT") > TRIES)
    expect_two_tries_at_most(desk)
    if not told or gate.left:
        judge_failure(desk, gate, wanted)
        fail("failure-not-told", wanted=wanted, saw="nothing was told of BOLT")
    for symbol in ("CRUX", "DUNE"):
        desk.answer(symbol)
        if not desk.wait_told(symbol):
            judge_failure(desk, gate, f"{symbol} has its price, whatever became of BOLT")
    desk.expect_end("three prices and one failure, then the end", failed=["BOLT"], error_code="failure-costs-all")
    expect_two_tries_at_most(desk)


@needs("test_a_failure_costs_one_symbol")
@beside
def test_a_reset_costs_one_symbol(start: Start) -> None:
    """A connection that is reset is a failure like any other."""
    with Upstream(resets=["BOLT"]) as upstream:
        expect_reset_costs_one(start(Plan(("ACME", "BOLT", "CRUX"), limit=3), upstream.url), upstream.asked, "BOLT")


@needs("test_three_calls_are_open_at_once")
@beside
def test_ctrl_c_ends_it_tidily(start: Start, gate: Gate) -> None:
    """Ctrl-C ends it at once and tidily, with three calls open and two more waiting."""
    desk = start(Plan(tuple(PRICES)[:5], limit=3))
    expect_all_asked(desk, gate, 3, "with --limit 3, three calls are open at the same time")
    desk.settle()  # one that keeps no limit may still be asking
    open_before, made = gate.held, gate.arrived
    desk.program.send_signal(signal.SIGINT)
    wanted = "after SIGINT no new call is made, and the process ends with code 130"
    desk.wait_until(lambda: desk.has_ended or gate.arrived > made)
    gate.wait_settled()
    expect_interrupted_call(desk, open_before, wanted)
    returncode = desk.program.wait(STEP_S)
    if returncode is None:
        desk.judge_trouble(wanted)
        fail(
            "cancellation-swallowed",
            wanted=wanted,
            saw="no new call, but the process went on running",
            where=desk.blame(line_of_swallowing),
        )
    if returncode not in INTERRUPTED:
        if not desk.has_told_end:
            desk.judge_trouble(wanted)
        saw = f"it went on to its end as if nothing had happened, with code {returncode}"
        fail("cancellation-swallowed", wanted=wanted, saw=saw, where=desk.blame(line_of_swallowing))
    desk.expect_tidy(wanted)


def expect_interrupted_call(desk: Desk, open_before: Collection[str], wanted: str) -> None:
    """After the signal somebody was asked: one whose call was open a second time, or one that had waited."""
    again = [symbol for symbol in open_before if desk.asked(symbol) > 1]
    new = [s for s in desk.plan.symbols if s not in open_before and desk.asked(s)]
    if again:
        saw = f"{again[0]} was asked once more after the signal"
        fail("cancellation-swallowed", wanted=wanted, saw=saw, where=desk.blame(line_of_swallowing))
    if new:
        saw = f"{new[0]}, which had waited for its turn, was asked after the signal"
        fail("cancellation-swallowed", wanted=wanted, saw=saw, where=desk.blame(line_of_swallowing))
