"""Whether limits are kept: of what is open now, of the time of one call (timeout), of that of the order (deadline)."""

from __future__ import annotations

from collections.abc import Collection

from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.task_lines import line_awaiting_each
from checker.stage_1.python_asyncio.blame import line_of_deadline, line_of_semaphore, line_of_timeout
from checker.stage_1.python_asyncio.desk import Desk
from checker.stage_1.python_asyncio.failures import TRIES, expect_two_tries_at_most
from checker.stage_1.python_asyncio.tracebacks import own_files
from course.model import Finding

# A deadline for machines so slow that a check's first one passes too early.
PATIENT_S = 6.0


def expect_all_asked(desk: Desk, gate: Gate, count: int, wanted: str) -> None:
    """So many calls are open together; else the finding says what kept the others back."""
    if desk.wait_until(lambda: len(gate.held) >= count):
        return
    peak, where = gate.peak, line_awaiting_each(desk.project, own_files(desk.project), "symbols")
    tasks = desk.tasks_now()
    desk.judge_trouble(wanted)
    if not peak:
        fail("never-asked", wanted=wanted, saw="no upstream was asked", where=tasks.before_calls)
    saw = f"{peak} {'was' if peak == 1 else 'were'} open at most; the next waited until one was answered"
    if peak > 1 or tasks.turn:
        fail("turns-missing", wanted=wanted, saw=saw, where=desk.blame(line_of_semaphore) or tasks.turn)
    fail("sequential-awaits", wanted=wanted, saw=saw, where=where)


def expect_within_limit(desk: Desk, gate: Gate, *, has_retried: bool = False) -> None:
    """Not a call more than the limit is, or was, open.

    Of second tries no line is told: they may have a turn or none, whatever the first have.
    """
    limit, most = desk.plan.limit, gate.peak
    if most > limit:
        wanted = f"with --limit {limit}, at most {limit} calls are open at the same time"
        where = None if has_retried else desk.blame(line_of_semaphore) or desk.tasks_now().call
        fail("limit-exceeded", wanted=wanted, saw=f"{most} were open at the same time", where=where)


def expect_given_up(desk: Desk, gate: Gate) -> None:
    """A call that nobody answers comes to its end."""
    wanted = f"with --timeout {desk.plan.timeout_s:g}, a call without an answer is given up"
    if desk.wait_until(lambda: gate.left > 0 or gate.arrived > 1):
        return
    if desk.has_ended:
        desk.expect_end(wanted, failed=desk.plan.symbols, error_code="failure-costs-all")
        return
    tasks = desk.tasks_now()
    desk.judge_trouble(wanted)
    fail("waits-for-ever", wanted=wanted, saw="the first call stayed open, long after it", where=tasks.call)


def expect_all_given_up(desk: Desk) -> None:
    """Nobody answers any call: the desk comes to its end, or asks too often."""
    symbols = desk.plan.symbols
    desk.wait_until(lambda: desk.has_ended or any(desk.asked(s) > TRIES for s in symbols))
    expect_two_tries_at_most(desk)


def late_trouble(desk: Desk, history: History) -> Finding | None:
    """What is wrong with a run in which nobody was answered; None when all is as it should be."""
    arrivals = history.events(EventKind.GATE_ARRIVED, since=desk.started_s)
    hang_ups = history.events(EventKind.GATE_LEFT, since=desk.started_s)
    # At the Gate the second call may overtake the first one's hang-up. A third one can not.
    is_third_beside = len(arrivals) > TRIES and not any(e.t < arrivals[TRIES].t for e in hang_ups)
    if is_third_beside or desk.forgot_a_task:
        wanted = "a call that is given up is closed, before the next one is made"
        forgotten = "the task of a call was still there when nobody waited for it any more"
        saw = "with --limit 1, three calls were open at the same time" if is_third_beside else forgotten
        return Finding("late-call-left-open", wanted, saw, desk.line_starting("fetch"))
    for symbol in desk.failed:
        asked = desk.asked(symbol)
        if asked == 0:
            wanted = f"{symbol} waits for its turn, and its time begins with its call"
            saw = f"{symbol} was told as failed, and had never been asked"
            return Finding("queue-counts-as-late", wanted, saw, desk.blame(line_of_timeout))
    for symbol in desk.failed:
        if desk.asked(symbol) < TRIES:
            return Finding(
                "no-second-try", f"{symbol}, which was late, is asked once more", f"{symbol} was asked only once"
            )
    return None


def expect_deadline_kept(desk: Desk, gate: Gate, queued: str, rest: Collection[str]) -> None:
    """The order ends at its deadline, and names the rest as failed. Nobody is asked after it, `queued` least of all."""
    late = "the deadline is one for the whole order, counted from its start"
    if not desk.wait_until(lambda: desk.has_ended or desk.asked(queued) > 0):
        held = ", ".join(gate.held) or "nobody"
        desk.judge_trouble(late)
        where = desk.blame(line_of_deadline)
        fail("deadline-not-kept", wanted=late, saw=f"long after the deadline it still waited for {held}", where=where)
    if desk.asked(queued):
        where = desk.blame(line_of_deadline)
        fail("deadline-not-kept", wanted=late, saw=f"{queued} was asked after the deadline", where=where)
    wanted = f"{', '.join(rest)} told as failed at the deadline, then the end"
    desk.wait_end()
    if desk.has_told_end and sorted(desk.failed) != sorted(rest):
        fail("deadline-costs-all", wanted=wanted, saw=f"told as failed: {', '.join(desk.failed) or 'none'}")
    desk.expect_end(wanted, failed=rest, error_code="deadline-costs-all")
