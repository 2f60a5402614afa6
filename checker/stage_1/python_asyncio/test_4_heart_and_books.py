"""The heart beats whatever happens, and an order book that takes long to parse keeps nobody back."""

from __future__ import annotations

from checker.harness.findings import Inconclusive, fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.picture import Picture
from checker.harness.suite import needs
from checker.stage_1.python_asyncio.books import (
    expect_asked_beside_a_book,
    expect_book_read,
    expect_deadline_in_a_book,
    expect_open_book,
    expect_timeout_over,
    expect_told_beside_a_book,
)
from checker.stage_1.python_asyncio.desk import Desk, Start
from checker.stage_1.python_asyncio.drawings import heartbeats
from checker.stage_1.python_asyncio.limits import PATIENT_S, expect_all_asked
from checker.stage_1.python_asyncio.plan import Plan
from checker.stage_1.python_asyncio.side_by_side import beside

BEAT_S = 0.1
BEATS = 3
# Answers come ten times as often as the heart beats, for six beats at least, on a slow machine for more.
PACE_S = 0.05
PACED_BEAT_S = 0.5
PACED = tuple(f"S{n}" for n in range(60))
TOO_SLOW = "this machine is so busy that an answer takes longer than the longest timeout of this check"


@needs("test_prices_are_told_in_order_of_arrival")
@beside
def test_the_heart_beats_while_a_book_is_parsed(start: Start, gate: Gate, history: History, picture: Picture) -> None:
    """The heart beats while the desk waits, and while a book is parsed, beside which others are told."""
    desk = start(Plan(("ACME", "BOLT"), limit=2, heartbeat_s=BEAT_S))
    try:
        wanted = f"with --heartbeat {BEAT_S:g}, a beat every {BEAT_S:g} s while two calls are open"
        expect_all_asked(desk, gate, 2, wanted)
        expect_more_beats(desk, 2, wanted)
        expect_open_book(desk, gate, "ACME")
        expect_more_beats(desk, BEATS, "the heart goes on beating while parse() reads the book of ACME")
        expect_told_beside_a_book(desk, "BOLT")
        expect_more_beats(desk, BEATS, "the heart goes on beating when all have answered, and a book is still read")
        expect_book_read(desk, gate, "ACME")
        desk.expect_end("two prices, then the end")
    finally:
        heartbeats(picture, history, desk, f"a beat every {BEAT_S:g} s")


def expect_more_beats(desk: Desk, count: int, wanted: str) -> None:
    """So many more beats come from now on."""
    goal = desk.beats + count
    if not desk.wait_heard(lambda: desk.beats >= goal):
        desk.judge_trouble(wanted)
        fail(
            "no-heartbeat",
            wanted=wanted,
            saw=f"{desk.beats} beats, then none any more" if desk.beats else "not one beat",
        )


@needs("test_the_heart_beats_while_a_book_is_parsed")
@beside
def test_the_heart_beats_between_answers(start: Start, gate: Gate) -> None:
    """The heart beats while answers come faster than it."""
    desk = start(Plan(PACED, limit=2, heartbeat_s=PACED_BEAT_S))
    wanted = f"with --heartbeat {PACED_BEAT_S:g}, the heart beats, however often an upstream answers"
    expect_all_asked(desk, gate, 2, wanted)
    # A first beat may come at once. The second is one of a rhythm.
    for answered, symbol in enumerate(PACED):
        if desk.program.wait_for(lambda _: desk.beats > 1, PACE_S):
            gate.open()
            desk.expect_end("the rest is answered, then the end")
            return
        if not desk.wait_until(lambda: bool(gate.held)):
            desk.judge_trouble(wanted)
            fail("batches", wanted=wanted, saw=f"no new call after {answered} answers, {symbol} still to come")
        gate.release(gate.held[0], body="1.00")
    saw = f"{len(PACED)} answers, one every {PACE_S:g} s, and {desk.beats or 'no'} beat"
    fail("no-heartbeat", wanted=wanted, saw=saw)


@needs("test_a_late_call_is_given_up", "test_the_heart_beats_while_a_book_is_parsed")
@beside
def test_a_book_is_no_late_answer(start: Start, gate: Gate) -> None:
    """An answer in time stays in time, however long its book takes."""
    for timeout_s in (0.3, 3.0):
        gate.reset()
        desk = start(Plan(("ACME", "BOLT"), limit=2, timeout_s=timeout_s))
        if desk.wait_called("ACME") and expect_open_book(desk, gate, "ACME"):
            expect_timeout_over(desk, reading="ACME", silent="BOLT")
            expect_book_read(desk, gate, "ACME")
            desk.expect_end("one price and one failure, then the end", failed=["BOLT"], error_code="failure-costs-all")
            return
        desk.program.stop(midway=True)
    raise Inconclusive(TOO_SLOW)


@needs("test_each_answer_lets_one_more_in", "test_the_heart_beats_while_a_book_is_parsed")
@beside
def test_a_book_keeps_no_turn(start: Start, gate: Gate) -> None:
    """While a book is parsed, its turn goes to the next call."""
    symbols = ("ACME", "BOLT", "CRUX")
    desk = start(Plan(symbols, limit=2))
    expect_all_asked(desk, gate, 2, "with --limit 2, two calls are open at the same time")
    reading, other = gate.held[:2]
    queued = next(symbol for symbol in symbols if symbol not in (reading, other))
    expect_open_book(desk, gate, reading)
    expect_asked_beside_a_book(desk, queued, reading)
    expect_book_read(desk, gate, reading)
    for symbol in (other, queued):
        desk.expect_price(symbol, f"{symbol} has its price")
    desk.expect_end("three prices, then the end")


@needs("test_at_the_deadline_the_rest_is_named", "test_the_heart_beats_while_a_book_is_parsed")
@beside
def test_the_deadline_does_not_wait_for_a_book(start: Start, gate: Gate) -> None:
    """At the deadline nobody waits for a book, and its price is not told any more."""
    for deadline_s in (0.6, PATIENT_S):
        gate.reset()
        desk = start(Plan(("ACME", "BOLT"), limit=2, deadline_s=deadline_s))
        if desk.wait_called("ACME") and expect_open_book(desk, gate, "ACME"):
            expect_deadline_in_a_book(desk, gate, reading="ACME")
            return
        desk.program.stop(midway=True)
    raise Inconclusive(TOO_SLOW)
