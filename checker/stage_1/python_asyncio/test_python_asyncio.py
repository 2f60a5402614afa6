"""Python Asyncio: `python -X dev -m desk` with the Gate for its upstreams. What was open together is counted there.

Deadlines of the desk's own are short where nobody answers, and are judged by what it has asked and told, never by time.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest

from checker.harness.findings import Inconclusive, fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.picture import Picture
from checker.harness.suite import needs
from checker.stage_1.python_asyncio.books import (
    asked_beside_a_book,
    book_is_open,
    book_is_read,
    deadline_in_a_book,
    timeout_is_over,
    told_beside_a_book,
)
from checker.stage_1.python_asyncio.desk import PRICES, SOON_S, STEP_S, Desk, Plan
from checker.stage_1.python_asyncio.picture import heartbeats, staircase, tries
from checker.stage_1.python_asyncio.trouble import (
    TRIES,
    all_asked,
    all_given_up,
    asked_again,
    asked_again_before_the_queue,
    beats_as_told,
    cost_of_a_failure,
    deadline_kept,
    first_given_up,
    interrupted_call,
    late_trouble,
    one_try_too_many,
    reset_costs_one,
    within_limit,
)
from checker.stage_1.python_asyncio.upstream import Upstream

INTERRUPTED = (130, -signal.SIGINT)
PATIENT_S = 6.0
BEAT_S = 0.1
BEATS = 3
# Answers come ten times as often as the heart beats, for six beats at least, on a slow machine for more.
PACE_S = 0.05
PACED_BEAT_S = 0.5
PACED = tuple(f"S{n}" for n in range(60))
TOO_SLOW = "this machine is so busy that an answer takes longer than the longest timeout of this check"


class Start(Protocol):
    """Start a desk on an order."""

    def __call__(self, plan: Plan, upstream_url: str = "") -> Desk:
        """With the Gate as its upstream, or the one at this address."""
        ...


@pytest.fixture
def start(program: Any, gate: Gate, history: History, project: Path) -> Iterator[Start]:
    """Start a desk on an order. It is stopped after the check: the next one has the Gate for itself."""
    desks: list[Desk] = []

    def started(plan: Plan, upstream_url: str = "") -> Desk:
        command = [sys.executable, "-X", "dev", "-m", "desk", *plan.arguments]
        name = "desk" if not desks else f"desk {len(desks) + 1}"
        running = program(command, name=name, environment={"UPSTREAM_URL": upstream_url or gate.url})
        desks.append(Desk(running, plan, gate, history, project))
        return desks[-1]

    yield started
    for desk in desks:
        desk.program.stop(midway=not desk.has_ended)


# --- one, then many ---------------------------------------------------------------------------


def test_the_desk_tells_one_price(start: Start, gate: Gate) -> None:
    """The desk tells one price and ends."""
    desk = start(Plan(("ACME",), limit=3))
    wanted = "`python -m desk ACME` asks the upstream, tells the price, and ends"
    if not desk.until(lambda: "ACME" in gate.held):
        desk.went_wrong(wanted)
        fail("sequential-awaits", wanted=wanted, saw="the upstream was never asked")
    desk.answers("ACME", wanted)
    desk.ends(wanted)


@needs("test_the_desk_tells_one_price")
def test_three_calls_are_open_at_once(start: Start, gate: Gate) -> None:
    """Three of ten calls are open at the same time."""
    desk = start(Plan(tuple(PRICES), limit=3))
    all_asked(desk, gate, 3, "with --limit 3 and ten symbols, three calls are open at the same time")


@needs("test_three_calls_are_open_at_once")
def test_each_answer_lets_one_more_in(start: Start, gate: Gate, history: History, picture: Picture) -> None:
    """Each answer lets one more call in, and never is one too many open."""
    limit, symbols = 4, tuple(PRICES)[:9]
    desk = start(Plan(symbols, limit))
    try:
        wanted = f"with --limit {limit}, {limit} calls are open at the same time"
        all_asked(desk, gate, limit, wanted)
        for answered in range(1, len(symbols) + 1):
            desk.settle()
            within_limit(desk, gate)
            wanted = f"answer {answered} lets call {limit + answered} in at once, while {limit - 1} others are open"
            desk.answer(gate.held[0])
            if not desk.has_made(min(limit + answered, len(symbols))):
                desk.went_wrong(wanted)
                saw = f"no new call, with {len(gate.held)} still open: the desk waits for all of them first"
                fail("batches", wanted=wanted, saw=saw)
        desk.ends(f"{len(symbols)} prices, then the end")
        within_limit(desk, gate)
    finally:
        staircase(picture, history, desk, f"nine calls, --limit {limit}")
    for symbol in symbols:
        desk.is_told(symbol, 0)


@needs("test_three_calls_are_open_at_once")
def test_prices_are_told_in_order_of_arrival(start: Start, gate: Gate) -> None:
    """Prices are told in the order of their arrival, each before the next upstream has answered."""
    symbols = ("ACME", "BOLT", "CRUX", "DUNE", "ECHO")
    desk = start(Plan(symbols, limit=5))
    all_asked(desk, gate, 5, "with --limit 5, five calls are open at the same time")
    for symbol in ("CRUX", "ECHO", "ACME", "DUNE", "BOLT"):
        wanted = f"the price of {symbol} is told while other upstreams are still to answer"
        desk.answer(symbol)
        if desk.is_told(symbol):
            continue
        desk.answer("ACME")
        if desk.is_told("ACME"):
            saw = f"{symbol} was held back until ACME, the first in the list, had answered too"
            fail("told-in-list-order", wanted=wanted, saw=saw)
        desk.went_wrong(wanted)
        fail("told-at-the-end", wanted=wanted, saw="no price is told before every upstream has answered")
    desk.ends("five prices, then the end")


# --- trouble ----------------------------------------------------------------------------------


@needs("test_prices_are_told_in_order_of_arrival")
def test_a_failure_costs_one_symbol(start: Start, gate: Gate) -> None:
    """A failing call is tried once more, and costs its own symbol only."""
    desk = start(Plan(("ACME", "BOLT", "CRUX", "DUNE"), limit=4))
    all_asked(desk, gate, 4, "with --limit 4, four calls are open at the same time")
    asked_again(desk, gate, "ACME")
    desk.answers("ACME", "ACME has its price from the second try")
    asked_again(desk, gate, "BOLT")
    gate.release("BOLT", status=500)
    wanted = "BOLT, which failed twice, is told as failed while CRUX and DUNE are still open"
    told = desk.until(lambda: "BOLT" in desk.failed or desk.asked("BOLT") > TRIES)
    one_try_too_many(desk)
    if not told or gate.left:
        cost_of_a_failure(desk, gate, wanted)
        fail("failure-not-told", wanted=wanted, saw="nothing was told of BOLT")
    for symbol in ("CRUX", "DUNE"):
        desk.answer(symbol)
        if not desk.is_told(symbol):
            cost_of_a_failure(desk, gate, f"{symbol} has its price, whatever became of BOLT")
    desk.ends("three prices and one failure, then the end", failed=["BOLT"], error_code="failure-costs-all")
    one_try_too_many(desk)


@needs("test_a_failure_costs_one_symbol")
def test_a_reset_costs_one_symbol(start: Start) -> None:
    """A connection that is reset is a failure like any other."""
    with Upstream(resets=["BOLT"]) as upstream:
        reset_costs_one(start(Plan(("ACME", "BOLT", "CRUX"), limit=3), upstream.url), upstream.asked, "BOLT")


@needs("test_three_calls_are_open_at_once")
def test_ctrl_c_ends_it_tidily(start: Start, gate: Gate) -> None:
    """Ctrl-C ends it at once and tidily, with three calls open and two more waiting."""
    desk = start(Plan(tuple(PRICES)[:5], limit=3))
    all_asked(desk, gate, 3, "with --limit 3, three calls are open at the same time")
    open_before = gate.held
    desk.program.send_signal(signal.SIGINT)
    wanted = "after SIGINT no new call is made, and the process ends with code 130"
    desk.until(lambda: desk.has_ended or gate.arrived > 3)
    gate.settle()
    interrupted_call(desk, open_before, wanted)
    returncode = desk.program.wait(STEP_S)
    if returncode is None:
        desk.went_wrong(wanted)
        fail("cancellation-swallowed", wanted=wanted, saw=f"{SOON_S:g} s later the process still ran")
    if returncode not in INTERRUPTED:
        if not desk.has_told_end:
            desk.went_wrong(wanted)
        saw = f"it went on to its end as if nothing had happened, with code {returncode}"
        fail("cancellation-swallowed", wanted=wanted, saw=saw)
    desk.tidy(wanted)


@needs("test_each_answer_lets_one_more_in", "test_a_failure_costs_one_symbol")
def test_a_late_call_is_given_up(start: Start, gate: Gate, history: History, picture: Picture) -> None:
    """A call that is too late is given up and tried once more; waiting for a turn does not count."""
    symbols = ("ACME", "BOLT", "CRUX")
    trouble = ("", "", "")
    # Nobody is ever answered. A machine so slow that 0.3 s is no time for a call gets the second, longer try.
    for timeout_s in (0.3, 2.0):
        gate.reset()
        desk = start(Plan(symbols, limit=1, timeout_s=timeout_s))
        try:
            first_given_up(desk, gate)
            all_given_up(desk)
        finally:
            tries(picture, history, desk, f"nobody answers, --limit 1 --timeout {timeout_s:g}")
        trouble = late_trouble(desk, history)
        if not trouble[0]:
            desk.ends("all three told as failed, then the end", failed=symbols, error_code="failure-costs-all")
            beats_as_told(desk)
            return
        desk.program.stop(midway=True)
    code, wanted, saw = trouble
    fail(code, wanted=wanted, saw=saw)


@needs("test_each_answer_lets_one_more_in", "test_a_failure_costs_one_symbol")
def test_a_second_try_does_not_queue_again(start: Start, gate: Gate) -> None:
    """A second try counts within the limit, and does not start again at the end of the queue."""
    desk = start(Plan(tuple(PRICES)[:8], limit=2))
    all_asked(desk, gate, 2, "with --limit 2, two calls are open at the same time")
    symbol = gate.held[0]
    asked_again_before_the_queue(desk, gate, symbol)
    desk.settle()
    within_limit(desk, gate)
    gate.open()
    desk.ends("the others are answered, then the end")


@needs("test_each_answer_lets_one_more_in", "test_a_failure_costs_one_symbol", "test_ctrl_c_ends_it_tidily")
def test_at_the_deadline_the_rest_is_named(start: Start, gate: Gate, history: History, picture: Picture) -> None:
    """At the deadline the order ends: what was told stays told, the rest is named as failed."""
    symbols = tuple(PRICES)[:7]
    desk = two_told_in_time(start, gate, symbols)
    try:
        deadline_kept(desk, gate, queued=symbols[5], rest=symbols[2:])
    finally:
        tries(picture, history, desk, f"two of seven answer, --limit 3 --deadline {desk.plan.deadline_s:g}")
    for symbol in symbols[:2]:
        desk.is_told(symbol, 0)


def two_told_in_time(start: Start, gate: Gate, symbols: Sequence[str], deadline_s: float = 1.0) -> Desk:
    """A desk that has told two prices, has three calls open and two symbols waiting, when its deadline comes."""
    desk = start(Plan(tuple(symbols), limit=3, deadline_s=deadline_s))
    for symbol in symbols[:2]:
        desk.has_called(symbol)
        desk.answer(symbol)
    is_quick = desk.has_called(symbols[3]) and desk.has_called(symbols[4]) and len(desk.quoted) == len(symbols[:2])
    if is_quick or deadline_s == PATIENT_S:
        return desk
    # On a machine so slow that these come after the first deadline, the second tells slow from wrong.
    desk.program.stop(midway=True)
    gate.reset()
    return two_told_in_time(start, gate, symbols, PATIENT_S)


@needs("test_at_the_deadline_the_rest_is_named")
def test_nothing_is_left_at_the_end(start: Start) -> None:
    """When run() returns, every task it has started has ended, at a deadline too."""
    desk = start(Plan(("ACME",), limit=1))
    desk.has_called("ACME")
    desk.answers("ACME", "ACME has its price")
    desk.ends("one price, then the end")
    desk.left_nothing()
    symbols = ("BOLT", "CRUX", "DUNE")
    desk = start(Plan(symbols, limit=2, deadline_s=0.3))
    desk.ends("three told as failed at the deadline, then the end", failed=symbols, error_code="deadline-costs-all")
    desk.left_nothing()


# --- the heart, and order books ---------------------------------------------------------------


@needs("test_prices_are_told_in_order_of_arrival")
def test_the_heart_beats_while_a_book_is_parsed(start: Start, gate: Gate, history: History, picture: Picture) -> None:
    """The heart beats while the desk waits, and while a book is parsed, beside which others are told."""
    desk = start(Plan(("ACME", "BOLT"), limit=2, heartbeat_s=BEAT_S))
    try:
        wanted = f"with --heartbeat {BEAT_S:g}, a beat every {BEAT_S:g} s while two calls are open"
        all_asked(desk, gate, 2, wanted)
        more_beats(desk, 2, wanted)
        book_is_open(desk, gate, "ACME")
        more_beats(desk, BEATS, "the heart goes on beating while parse() reads the book of ACME")
        told_beside_a_book(desk, "BOLT")
        more_beats(desk, BEATS, "the heart goes on beating when all have answered, and a book is still read")
        book_is_read(desk, gate, "ACME")
        desk.ends("two prices, then the end")
    finally:
        heartbeats(picture, history, desk, f"a beat every {BEAT_S:g} s")


def more_beats(desk: Desk, count: int, wanted: str) -> None:
    """So many more beats come from now on."""
    goal = desk.beats + count
    if not desk.program.wait_for(lambda _: desk.beats >= goal, SOON_S):
        desk.went_wrong(wanted)
        fail("no-heartbeat", wanted=wanted, saw=f"{desk.beats} beats, and no more")


@needs("test_the_heart_beats_while_a_book_is_parsed")
def test_the_heart_beats_between_answers(start: Start, gate: Gate) -> None:
    """The heart beats while answers come faster than it."""
    desk = start(Plan(PACED, limit=2, heartbeat_s=PACED_BEAT_S))
    wanted = f"with --heartbeat {PACED_BEAT_S:g}, the heart beats, however often an upstream answers"
    all_asked(desk, gate, 2, wanted)
    # A first beat may come at once. The second is one of a rhythm.
    for answered, symbol in enumerate(PACED):
        if desk.program.wait_for(lambda _: desk.beats > 1, PACE_S):
            gate.open()
            desk.ends("the rest is answered, then the end")
            return
        if not desk.until(lambda: bool(gate.held)):
            desk.went_wrong(wanted)
            fail("batches", wanted=wanted, saw=f"no new call after {answered} answers, {symbol} still to come")
        gate.release(gate.held[0], body="1.00")
    saw = f"{len(PACED)} answers, one every {PACE_S:g} s, and {desk.beats or 'no'} beat"
    fail("no-heartbeat", wanted=wanted, saw=saw)


@needs("test_a_late_call_is_given_up", "test_the_heart_beats_while_a_book_is_parsed")
def test_a_book_is_no_late_answer(start: Start, gate: Gate) -> None:
    """An answer in time stays in time, however long its book takes."""
    for timeout_s in (0.3, 3.0):
        gate.reset()
        desk = start(Plan(("ACME", "BOLT"), limit=2, timeout_s=timeout_s))
        if desk.has_called("ACME") and book_is_open(desk, gate, "ACME"):
            timeout_is_over(desk, reading="ACME", silent="BOLT")
            book_is_read(desk, gate, "ACME")
            desk.ends("one price and one failure, then the end", failed=["BOLT"], error_code="failure-costs-all")
            return
        desk.program.stop(midway=True)
    raise Inconclusive(TOO_SLOW)


@needs("test_each_answer_lets_one_more_in", "test_the_heart_beats_while_a_book_is_parsed")
def test_a_book_keeps_no_turn(start: Start, gate: Gate) -> None:
    """While a book is parsed, its turn goes to the next call."""
    symbols = ("ACME", "BOLT", "CRUX")
    desk = start(Plan(symbols, limit=2))
    all_asked(desk, gate, 2, "with --limit 2, two calls are open at the same time")
    reading, other = gate.held[:2]
    queued = next(symbol for symbol in symbols if symbol not in (reading, other))
    book_is_open(desk, gate, reading)
    asked_beside_a_book(desk, queued, reading)
    book_is_read(desk, gate, reading)
    for symbol in (other, queued):
        desk.answers(symbol, f"{symbol} has its price")
    desk.ends("three prices, then the end")


@needs("test_at_the_deadline_the_rest_is_named", "test_the_heart_beats_while_a_book_is_parsed")
def test_the_deadline_does_not_wait_for_a_book(start: Start, gate: Gate) -> None:
    """At the deadline nobody waits for a book, and its price is not told any more."""
    for deadline_s in (1.0, PATIENT_S):
        gate.reset()
        desk = start(Plan(("ACME", "BOLT"), limit=2, deadline_s=deadline_s))
        if desk.has_called("ACME") and book_is_open(desk, gate, "ACME"):
            deadline_in_a_book(desk, gate, reading="ACME")
            return
        desk.program.stop(midway=True)
    raise Inconclusive(TOO_SLOW)
