"""What failing, late and unfinished calls did to an order: the findings of the price desk in trouble."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.stage_1.python_asyncio.desk import SOON_S, Desk

TRIES = 2
# A second may pass before the second try. Only those who let it pass, or queue up again, wait this out.
LONGEST_PAUSE_S = 2.0


def all_asked(desk: Desk, gate: Gate, count: int, wanted: str) -> None:
    """So many calls are open together; else the finding says what kept the others back."""
    if desk.until(lambda: len(gate.held) >= count):
        return
    peak = gate.peak
    desk.went_wrong(wanted)
    fail("sequential-awaits", wanted=wanted, saw=f"{peak} was open at most; the next waited until it was answered")


def within_limit(desk: Desk, gate: Gate) -> None:
    """Not a call more than the limit is, or was, open."""
    limit, most = desk.plan.limit, gate.peak
    if most > limit:
        wanted = f"with --limit {limit}, at most {limit} calls are open at the same time"
        fail("limit-exceeded", wanted=wanted, saw=f"{most} were open at the same time")


def asked_again(desk: Desk, gate: Gate, symbol: str) -> None:
    """The upstream answers 500, and is asked once more."""
    wanted = f"{symbol}, whose upstream answered 500, is asked once more"
    gate.release(symbol, status=500)
    desk.until(lambda: desk.asked(symbol) == TRIES or symbol in desk.failed)
    if desk.asked(symbol) == TRIES:
        return
    if symbol not in desk.failed:
        cost_of_a_failure(desk, gate, wanted)
    fail("no-second-try", wanted=wanted, saw=f"{symbol} was asked only once")


def reset_costs_one(desk: Desk, asked: Sequence[str], symbol: str) -> None:
    """The connections for `symbol` are reset, all others are answered: it is asked twice, and the only one to fail."""
    others = " and ".join(s for s in desk.plan.symbols if s != symbol)
    wanted = f"{symbol}, whose connection is reset twice, is told as failed; {others} have their prices"
    desk.ends(wanted, failed=[symbol], error_code="failure-costs-all")
    count = asked.count(symbol)
    if count < TRIES:
        wanted = f"{symbol}, whose connection was reset, is asked once more"
        fail("no-second-try", wanted=wanted, saw=f"{symbol} was asked only once")
    if count > TRIES:
        fail("tries-too-often", wanted="each symbol is asked twice at most", saw=f"{symbol} was asked {count} times")


def asked_again_before_the_queue(desk: Desk, gate: Gate, symbol: str) -> None:
    """A call fails with a queue behind it. Its second try need not be the very next, but it is not the last."""
    wanted = f"{symbol} has failed once: its second call comes before those that wait have all been asked"
    before = gate.arrived
    gate.release(symbol, status=500)
    if not desk.has_made(before + 1):
        desk.went_wrong(wanted)
        fail("no-second-try", wanted=wanted, saw=f"{symbol} was asked only once, and nobody else after it")
    if desk.asked(symbol) < TRIES:  # a pause before the second try may leave the turn to somebody else meanwhile
        desk.until(lambda: desk.asked(symbol) >= TRIES, LONGEST_PAUSE_S)
    while desk.asked(symbol) < TRIES:
        if all(desk.asked(s) for s in desk.plan.symbols) or not gate.held:
            saw = f"{symbol} was sent to the end of the queue: all {len(desk.plan.symbols) - 1} others were asked first"
            fail("second-try-queues", wanted=wanted, saw=saw)
        before = gate.arrived
        desk.answer(gate.held[0])
        if not desk.has_made(before + 1):
            desk.went_wrong(wanted)
            fail("no-second-try", wanted=wanted, saw=f"{symbol} was asked only once")


def one_try_too_many(desk: Desk) -> None:
    """No symbol was asked more than twice."""
    for symbol in desk.plan.symbols:
        if (asked := desk.asked(symbol)) > TRIES:
            saw = f"{symbol} was asked {asked} times"
            fail("tries-too-often", wanted="each symbol is asked twice at most", saw=saw)


def cost_of_a_failure(desk: Desk, gate: Gate, wanted: str) -> None:
    """What one error did to the whole order: it ended it, or took the other calls along; else return."""
    if desk.has_ended:
        desk.ends(wanted, failed=desk.failed, error_code="failure-costs-all")
    if gate.left:
        saw = f"the desk hung up on {gate.left} calls that were waiting for their answer"
        fail("failure-costs-all", wanted=wanted, saw=saw)
    desk.went_wrong(wanted, error_code="failure-costs-all")


def first_given_up(desk: Desk, gate: Gate) -> None:
    """A call that nobody answers comes to its end."""
    wanted = f"with --timeout {desk.plan.timeout_s:g}, a call without an answer is given up"
    if desk.until(lambda: gate.left > 0 or gate.arrived > 1):
        return
    if desk.has_ended:
        desk.ends(wanted, failed=desk.plan.symbols, error_code="failure-costs-all")
    desk.went_wrong(wanted)
    fail("waits-for-ever", wanted=wanted, saw=f"{SOON_S:g} s later the first call was still open")


def all_given_up(desk: Desk) -> None:
    """Nobody answers any call: the desk comes to its end, or asks too often."""
    symbols, timeout_s = desk.plan.symbols, desk.plan.timeout_s
    calls_s = TRIES * len(symbols) * timeout_s
    desk.until(lambda: desk.has_ended or any(desk.asked(s) > TRIES for s in symbols), SOON_S + calls_s)
    one_try_too_many(desk)


def late_trouble(desk: Desk, history: History) -> tuple[str, str, str]:
    """(code, wanted, saw) of a run in which nobody was answered; three empty words when all is as it should be."""
    arrivals = history.events("gate.arrived", since=desk.started_s)
    hang_ups = history.events("gate.left", since=desk.started_s)
    # At the Gate the second call may overtake the first one's hang-up. A third one can not.
    wanted = "a call that is given up is closed, before the next one is made"
    if len(arrivals) > TRIES and not any(e.t < arrivals[TRIES].t for e in hang_ups):
        return "late-call-left-open", wanted, "with --limit 1, three calls were open at the same time"
    if desk.forgot_a_task:
        return "late-call-left-open", wanted, "the task of a call was still there when nobody waited for it any more"
    for symbol in desk.failed:
        asked = desk.asked(symbol)
        if asked == 0:
            wanted = f"{symbol} waits for its turn, and its time begins with its call"
            return "queue-counts-as-late", wanted, f"{symbol} was told as failed, and had never been asked"
    for symbol in desk.failed:
        if desk.asked(symbol) < TRIES:
            return "no-second-try", f"{symbol}, which was late, is asked once more", f"{symbol} was asked only once"
    return "", "", ""


def beats_as_told(desk: Desk) -> None:
    """With an interval that is longer than the whole run there is one beat, or none."""
    if desk.beats > 1:
        wanted = f"with --heartbeat {desk.plan.heartbeat_s:g}, one beat at most in so short an order"
        fail("heartbeat-not-kept", wanted=wanted, saw=f"{desk.beats} beats")


def interrupted_call(desk: Desk, open_before: Collection[str], wanted: str) -> None:
    """After the signal somebody was asked: one whose call was open a second time, or one that had waited."""
    again = [symbol for symbol in open_before if desk.asked(symbol) > 1]
    new = [s for s in desk.plan.symbols if s not in open_before and desk.asked(s)]
    if again:
        fail("cancellation-swallowed", wanted=wanted, saw=f"{again[0]} was asked once more after the signal")
    if new:
        saw = f"{new[0]}, which had waited for its turn, was asked after the signal"
        fail("cancellation-swallowed", wanted=wanted, saw=saw)


def deadline_kept(desk: Desk, gate: Gate, queued: str, rest: Collection[str]) -> None:
    """The order ends at its deadline, and names the rest as failed. Nobody is asked after it, `queued` least of all."""
    late = "the deadline is one for the whole order, counted from its start"
    if not desk.until(lambda: desk.has_ended or desk.asked(queued) > 0, SOON_S + desk.plan.deadline_s):
        held = ", ".join(gate.held) or "nobody"
        desk.went_wrong(late)
        fail("deadline-not-kept", wanted=late, saw=f"{SOON_S:g} s after the deadline it still waited for {held}")
    if desk.asked(queued):
        fail("deadline-not-kept", wanted=late, saw=f"{queued} was asked after the deadline")
    wanted = f"{', '.join(rest)} told as failed at the deadline, then the end"
    desk.program.wait(SOON_S)
    if desk.has_told_end and sorted(desk.failed) != sorted(rest):
        fail("deadline-costs-all", wanted=wanted, saw=f"told as failed: {', '.join(desk.failed) or 'none'}")
    desk.ends(wanted, failed=rest, error_code="deadline-costs-all")
