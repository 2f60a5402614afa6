"""As many calls as the limit allows are open together, and each price is told the moment that it is known."""

from __future__ import annotations

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.picture import Picture
from checker.harness.suite import needs
from checker.stage_1.python_asyncio.desk import Start
from checker.stage_1.python_asyncio.drawings import staircase
from checker.stage_1.python_asyncio.limits import expect_all_asked, expect_within_limit
from checker.stage_1.python_asyncio.plan import PRICES, Plan


def test_the_desk_tells_one_price(start: Start, gate: Gate) -> None:
    """The desk tells one price and ends."""
    desk = start(Plan(("ACME",), limit=3))
    wanted = f"`{desk.plan.command}` asks the upstream, tells the price, and ends"
    if not desk.wait_until(lambda: "ACME" in gate.held):
        tasks = desk.tasks_now()
        desk.judge_trouble(wanted)
        fail("never-asked", wanted=wanted, saw="the upstream was never asked", where=tasks.before_calls)
    desk.expect_price("ACME", wanted)
    desk.expect_end(wanted)


@needs("test_the_desk_tells_one_price")
def test_three_calls_are_open_at_once(start: Start, gate: Gate) -> None:
    """Three of ten calls are open at the same time."""
    desk = start(Plan(tuple(PRICES), limit=3))
    expect_all_asked(desk, gate, 3, "with --limit 3 and ten symbols, three calls are open at the same time")


@needs("test_three_calls_are_open_at_once")
def test_each_answer_lets_one_more_in(start: Start, gate: Gate, history: History, picture: Picture) -> None:
    """Each answer lets one more call in, and never is one too many open."""
    limit, symbols = 4, tuple(PRICES)[:9]
    desk = start(Plan(symbols, limit))
    try:
        wanted = f"with --limit {limit}, {limit} calls are open at the same time"
        expect_all_asked(desk, gate, limit, wanted)
        for answered in range(1, len(symbols) + 1):
            desk.settle()
            expect_within_limit(desk, gate)
            wanted = f"answer {answered} lets call {limit + answered} in at once, while {limit - 1} others are open"
            desk.answer(gate.held[0])
            if not desk.wait_made(min(limit + answered, len(symbols))):
                tasks = desk.tasks_now()
                desk.judge_trouble(wanted)
                saw = f"no new call, with {len(gate.held)} still open: the desk waits for all of them first"
                fail("batches", wanted=wanted, saw=saw, where=tasks.run_alone)
        desk.expect_end(f"{len(symbols)} prices, then the end")
        expect_within_limit(desk, gate)
    finally:
        staircase(picture, history, desk, f"nine calls, --limit {limit}")
    for symbol in symbols:
        desk.expect_told_right(symbol)


@needs("test_three_calls_are_open_at_once")
def test_prices_are_told_in_order_of_arrival(start: Start, gate: Gate) -> None:
    """Prices are told in the order of their arrival, each before the next upstream has answered."""
    symbols = ("ACME", "BOLT", "CRUX", "DUNE", "ECHO")
    desk = start(Plan(symbols, limit=5))
    expect_all_asked(desk, gate, 5, "with --limit 5, five calls are open at the same time")
    for symbol in ("CRUX", "ECHO", "ACME", "DUNE", "BOLT"):
        wanted = f"the price of {symbol} is told while other upstreams are still to answer"
        desk.answer(symbol)
        if desk.wait_told(symbol):
            continue
        tasks = desk.tasks_now()
        desk.answer("ACME")
        if desk.wait_told("ACME"):
            saw = f"{symbol} was held back until ACME, the first in the list, had answered too"
            fail("told-in-list-order", wanted=wanted, saw=saw, where=tasks.run_alone)
        desk.judge_trouble(wanted)
        saw = "no price is told before every upstream has answered"
        fail("told-at-the-end", wanted=wanted, saw=saw, where=tasks.run_alone)
    desk.expect_end("five prices, then the end")
