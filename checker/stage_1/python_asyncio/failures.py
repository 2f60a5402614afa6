"""Calls that fail: each is made once more, and costs its own symbol only."""

from __future__ import annotations

from collections.abc import Sequence

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.stage_1.python_asyncio.blame import line_of_putting_back, line_of_telling_each_try
from checker.stage_1.python_asyncio.desk import Desk

TRIES = 2


def expect_second_try(desk: Desk, gate: Gate, symbol: str) -> None:
    """The upstream answers 500, and is asked once more."""
    wanted = f"{symbol}, whose upstream answered 500, is asked once more"
    gate.release(symbol, status=500)
    desk.wait_until(lambda: desk.asked(symbol) == TRIES)
    if desk.asked(symbol) == TRIES:
        if symbol in desk.failed:
            saw = f"{symbol} was told as failed after its first call, and asked once more"
            wanted = f"{symbol} is told as failed when its second call has failed too"
            fail("told-after-one-try", wanted=wanted, saw=saw, where=desk.blame(line_of_telling_each_try))
        return
    saw, where = f"{symbol} was asked only once", None
    if symbol not in desk.failed:
        if where := desk.tasks_now().turn:
            saw += ": its task, or another, waits for a turn"
        judge_failure(desk, gate, wanted)
    fail("no-second-try", wanted=wanted, saw=saw, where=where)


def expect_second_try_before_the_queue(desk: Desk, gate: Gate, symbol: str) -> None:
    """A call fails with a queue behind it. Its second try need not be the very next, but it is not the last."""
    wanted = f"{symbol} has failed once: its second call comes before those that wait have all been asked"
    before = gate.arrived
    gate.release(symbol, status=500)
    if not desk.wait_made(before + 1):
        desk.judge_trouble(wanted)
        fail("no-second-try", wanted=wanted, saw=f"{symbol} was asked only once, and nobody else after it")
    where = None
    # A pause before the second try may leave the turn to somebody else meanwhile.
    if not desk.wait_until(lambda: desk.asked(symbol) >= TRIES):
        where = desk.tasks_now().turn or desk.blame(line_of_putting_back)
    while desk.asked(symbol) < TRIES:
        if all(desk.asked(s) for s in desk.plan.symbols) or not gate.held:
            saw = f"{symbol} was sent to the end of the queue: all {len(desk.plan.symbols) - 1} others were asked first"
            fail("second-try-queues", wanted=wanted, saw=saw, where=where)
        before = gate.arrived
        desk.answer(gate.held[0])
        if not desk.wait_made(before + 1):
            desk.judge_trouble(wanted)
            fail("no-second-try", wanted=wanted, saw=f"{symbol} was asked only once")


def expect_reset_costs_one(desk: Desk, asked: Sequence[str], symbol: str) -> None:
    """The connections for `symbol` are reset, all others are answered: it is asked twice, and the only one to fail."""
    others = " and ".join(s for s in desk.plan.symbols if s != symbol)
    wanted = f"{symbol}, whose connection is reset twice, is told as failed; {others} have their prices"
    desk.expect_end(wanted, failed=[symbol], error_code="failure-costs-all")
    count = asked.count(symbol)
    if count < TRIES:
        wanted = f"{symbol}, whose connection was reset, is asked once more"
        fail("no-second-try", wanted=wanted, saw=f"{symbol} was asked only once")
    if count > TRIES:
        fail("tries-too-often", wanted="each symbol is asked twice at most", saw=f"{symbol} was asked {count} times")


def expect_two_tries_at_most(desk: Desk) -> None:
    """No symbol was asked more than twice."""
    for symbol in desk.plan.symbols:
        if (asked := desk.asked(symbol)) > TRIES:
            saw = f"{symbol} was asked {asked} times"
            fail("tries-too-often", wanted="each symbol is asked twice at most", saw=saw)


def judge_failure(desk: Desk, gate: Gate, wanted: str) -> None:
    """What one error did to the whole order: it ended it, or took the other calls along; else return."""
    if desk.has_ended:
        desk.expect_end(wanted, failed=desk.failed, error_code="failure-costs-all")
    if gate.left:
        saw = f"the desk hung up on {gate.left} calls that were waiting for their answer"
        fail("failure-costs-all", wanted=wanted, saw=saw)
    desk.judge_trouble(wanted, error_code="failure-costs-all")
