"""Answers that bring an order book: what a desk does while parse() is held at the Gate, in the middle of one."""

from __future__ import annotations

import json

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.stage_1.python_asyncio.blame import line_of_timeout
from checker.stage_1.python_asyncio.desk import Desk
from checker.stage_1.python_asyncio.plan import PRICES

BOOK = "250000"


def expect_open_book(desk: Desk, gate: Gate, symbol: str) -> bool:
    """The upstream answers with an order book. False when it came too late: the call was given up, or the order."""
    gate.release(symbol, body=f"{PRICES[symbol]} {BOOK}")
    held = f"parse-{symbol}"
    desk.wait_until(lambda: held in gate.held or desk.asked(symbol) > 1 or desk.has_told_end)
    if held in gate.held:
        return True
    if not desk.has_told_end and desk.asked(symbol) == 1:
        wanted = "parse() gets the answer that came with an order book"
        desk.judge_trouble(wanted)
        fail("wrong-answer", wanted=wanted, saw="parse() was not called with it")
    return False


def expect_book_read(desk: Desk, gate: Gate, symbol: str) -> None:
    """parse() comes to its end, and the price is told."""
    gate.release(f"parse-{symbol}")
    if desk.wait_told(symbol):
        return
    wanted = f"{symbol} is told when its book has been read"
    desk.judge_trouble(wanted)
    fail("wrong-answer", wanted=wanted, saw="it was not told")


def expect_told_beside_a_book(desk: Desk, symbol: str) -> None:
    """Another upstream answers while parse() is held."""
    wanted = f"{symbol} answers, and is told while parse() still reads the book of another"
    desk.answer(symbol)
    if not desk.wait_told(symbol):
        tasks = desk.tasks_now()
        desk.judge_trouble(wanted)
        saw = f"{symbol} was not told: one parse() under way kept back all other prices"
        fail("parses-one-by-one", wanted=wanted, saw=saw, where=tasks.turn or tasks.odd)


def expect_asked_beside_a_book(desk: Desk, queued: str, reading: str) -> None:
    """The turn of an answered call goes to the next one, however long its book takes."""
    if desk.wait_called(queued):
        return
    wanted = f"{reading} has answered, so {queued} is asked, while parse() still reads the book of {reading}"
    tasks = desk.tasks_now()
    desk.judge_trouble(wanted)
    saw = f"with --limit {desk.plan.limit} one call was open, and {queued} was not asked before the book had been read"
    fail("turn-kept-for-parse", wanted=wanted, saw=saw, where=tasks.odd)


def expect_timeout_over(desk: Desk, reading: str, silent: str) -> None:
    """The timeout of both calls of `silent` passes: the book of `reading`, asked together with it, takes longer."""
    wanted = f"{reading} has answered in time: how long parse() then takes is nobody's delay"
    desk.wait_until(lambda: silent in desk.failed or desk.asked(reading) > 1 or reading in desk.failed)
    if desk.asked(reading) > 1:
        saw = f"{reading} was asked again while parse() read its book, with --timeout {desk.plan.timeout_s:g}"
        fail("parse-counts-as-late", wanted=wanted, saw=saw, where=desk.blame(line_of_timeout))
    if reading in desk.failed:
        saw = f"{reading} was told as failed while parse() read its book"
        fail("parse-counts-as-late", wanted=wanted, saw=saw, where=desk.blame(line_of_timeout))
    if silent not in desk.failed:
        tasks = desk.tasks_now()
        desk.judge_trouble(wanted)
        wanted = f"{silent}, which is silent, is told as failed"
        fail("waits-for-ever", wanted=wanted, saw="nothing was told of it", where=tasks.call)


def expect_deadline_in_a_book(desk: Desk, gate: Gate, reading: str) -> None:
    """The deadline passes while parse() is held. run() returns without it, and its price comes too late to be told."""
    wanted = f"at the deadline run() returns, with {reading} told as failed: it does not wait for parse()"
    if not desk.wait_until(lambda: desk.has_told_end):
        tasks = desk.tasks_now()
        desk.judge_trouble(wanted)
        saw = "long after the deadline run() still waited for parse()"
        fail("deadline-not-kept", wanted=wanted, saw=saw, where=tasks.waited_for)
    gate.release(f"parse-{reading}")
    desk.expect_end(wanted, failed=desk.plan.symbols, error_code="deadline-costs-all")
    lines = [told for told in desk.told if told.get("symbol") == reading]
    if len(lines) > 1:
        wanted = f"{reading} is told once, as failed: parse() came to its end after the deadline"
        fail("told-after-the-deadline", wanted=wanted, saw="\n  ".join(json.dumps(line) for line in lines[:3]))
    desk.expect_nothing_left()
