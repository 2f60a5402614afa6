"""What the desk's pages should answer, and what it means when they do not. Judges; sends only what it is told to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from checker.harness import diagnosis
from checker.harness.findings import NotYet, fail
from checker.harness.gate import Gate
from checker.harness.history import Event, History
from checker.harness.http import Answer, Exchange
from checker.harness.server import Server
from checker.stage_3.async_views.drawings import draw_calls
from checker.stage_3.async_views.errors import (
    expect_free_loop,
    judge_error,
    learners_line,
    line_of_tasks,
    line_of_turns,
    wait_error_of,
)
from checker.stage_3.async_views.patience import wait_answer
from checker.stage_3.async_views.suppliers import ANSWERING, PRICES, PROMPT_S, calls, release, still_open, wait_all_held

NUMBERS = ("orders", "customers", "revenue")
# What leaves the code of who forgot that a supplier may be late, or fail. Any other error is a mistake of its own.
LATE_ERRORS = frozenset({"TimeoutError", "CancelledError", "InvalidStateError"})
FAILURE_ERRORS = frozenset({"SupplierDown", "ConnectionResetError", "RemoteDisconnected"})


def expect_page(server: Server, exchange: Exchange, wanted: str, deadline_s: float = 10.0) -> Answer:
    """The page, whole and without an error."""
    answer = exchange.wait_answer(deadline_s)
    if answer is not None and answer.status >= 500:
        judge_error(server, wait_error_of(server, exchange.id), wanted)
    answer = server.expect_answer(exchange, deadline_s)
    if answer.status != 200:
        fail("wrong-answer", wanted=wanted, saw=f"{exchange.path} answered {answer.status}: {answer.text[:120]!r}")
    return answer


def expect_text(server: Server, path: str, part: str) -> None:
    """End the check unless this page answers, with `part` in its text."""
    wanted = f"{path} answers with {part!r} in it"
    if part not in (text := expect_page(server, server.send(path, label=path), wanted).text):
        fail("wrong-answer", wanted=wanted, saw=repr(text[:120]))


def expect_keys(answer: Answer) -> dict[str, Any]:
    """The dashboard's JSON, when it has the keys that the lesson promises."""
    body, keys = answer.json(), ("prices", "missing", *NUMBERS)
    if not isinstance(body, dict) or any(key not in body for key in keys) or not isinstance(body["prices"], dict):
        fail("wrong-answer", wanted=f"/dash/ answers JSON with {', '.join(keys)}", saw=answer.text[:200])
    return body


def expect_dashboard(answer: Answer) -> dict[str, Any]:
    """The dashboard's JSON, when it has the shape that the lesson promises."""
    body = expect_keys(answer)
    nulls = sorted(name for name in PRICES if body["prices"].get(name) is None)
    missing = sorted(map(str, body["missing"])) if isinstance(body["missing"], list) else None
    if set(body["prices"]) != set(PRICES) or missing != nulls:
        wanted = "`prices` has all five suppliers, `missing` those whose price is null"
        fail("wrong-answer", wanted=wanted, saw=f"prices: {body['prices']}, missing: {body['missing']}")
    return body


def expect_prices(answer: Answer, prices: dict[str, str], wanted: str) -> None:
    """End the check unless the dashboard has just these prices, and null for the other suppliers."""
    for name, price in expect_keys(answer)["prices"].items():
        if name in PRICES and price is not None and price != prices.get(name):
            said = prices.get(name, "nothing")
            fail("wrong-answer", wanted=wanted, saw=f"the price of {name} is {price!r}, the supplier said {said}")
    for name, price in expect_dashboard(answer)["prices"].items():
        if price is None and name in prices:
            fail("price-lost", wanted=wanted, saw=f"{name} answered {prices[name]}, and the page says null")


def expect_five_asked(server: Server, gate: Gate, page: Exchange) -> None:
    """End the check unless the page's five calls are held together."""
    since = History.now()
    wanted = "all five suppliers are asked before the first has answered"
    if wait_all_held(gate, 5, lambda: page.is_done):
        return
    if page.is_done:
        expect_page(server, page, wanted)
        judge_waiting(server, gate)
        fail("wrong-answer", wanted=wanted, saw=f"the page was answered after {calls(gate.arrived)} to the suppliers")
    expect_free_loop(server, since, wanted)
    if not gate.arrived:
        server.expect_answer(page, 0.1)
    first = gate.held
    release(gate)
    wait_all_held(gate, 1, lambda: page.is_done)
    if page.is_done:
        expect_prices(expect_page(server, page, wanted), PRICES, wanted)
    saw = f"{calls(len(first))} at a time: {', '.join(first)}; {', '.join(gate.held) or 'the others'} only after that"
    draw_calls(server, "dashboard", page.id)
    fail("sequential-suppliers", wanted=wanted, saw=saw, where=line_of_turns(server, "dash"))


def judge_waiting(server: Server, gate: Gate) -> None:
    """End the check when a page without a deadline is answered though none of its five calls is."""
    gate.reset()
    page = server.send("/dash/", label="one more dashboard")
    gate.wait_held(5, PROMPT_S)
    if page.wait_answer(PROMPT_S) is not None and len(gate.held) == len(PRICES):
        wanted = "the page is answered once its suppliers have answered"
        saw = f"the page was answered while {calls(len(gate.held))} were still open: {', '.join(gate.held)}"
        draw_calls(server, "dashboard", page.id)
        fail("answered-without-waiting", wanted=wanted, saw=saw, where=line_of_tasks(server, "dash"))


def expect_failure_costs_a_null(desk: Server, gate: Gate, name: str, *, is_broken: bool) -> None:
    """End the check unless this supplier's failure, a 503 or a broken connection, costs its own price and no other."""
    gate.reset()
    answer = expect_one_in_trouble(desk, gate, name, None, is_broken=is_broken)
    wanted = f"four prices, and null for {name}, which {'broke its connection' if is_broken else 'answered 503'}"
    if (missing := expect_dashboard(answer)["missing"]) != [name]:
        fail("failure-costs-all", wanted=wanted, saw=f"missing: {', '.join(missing) or 'none'}")
    expect_prices(answer, {other: price for other, price in PRICES.items() if other != name}, wanted)


def expect_one_in_trouble(
    desk: Server, gate: Gate, name: str, deadline_s: float | None, *, is_broken: bool = False
) -> Answer:
    """The dashboard when four suppliers answer, and this one is later than the deadline or, without one, fails."""
    path, code, trouble = "/dash/", "failure-breaks-page", f"{name} {'breaks its connection' if is_broken else 'fails'}"
    label = f"dashboard ({'reset' if is_broken else '503'})"
    if deadline_s is not None:
        path, code, trouble = f"/dash/?deadline={deadline_s}", "late-breaks-page", f"{name} is late"
        label = f"dashboard ({deadline_s} s)"
    since = History.now()
    page = desk.send(path, label=label)
    wait_all_held(gate, 5, lambda: page.is_done)
    if is_broken:
        gate.break_off(name)
    elif deadline_s is None:
        gate.release(name, status=503)
    release(gate, (other for other in ANSWERING if other != name))
    answer = wait_answer(desk, page, deadline_s or 0)
    wanted = f"{path} is answered, though {trouble}"
    if answer is None:
        expect_free_loop(desk, since, wanted)
        fail(code, wanted=wanted, saw=f"no answer; {still_open(gate)}")
    if answer.status >= 500:
        error = wait_error_of(desk, page.id)
        judge_own_error(desk, error, wanted, LATE_ERRORS if deadline_s is not None else FAILURE_ERRORS)
        saw = "" if error is None else f": {error['type']}: {error['message']}".removesuffix(": ")
        where = None if error is None else learners_line(desk, error)
        fail(code, wanted=wanted, saw=f"status {answer.status}{saw}", where=where)
    return expect_page(desk, page, wanted)


def judge_own_error(server: Server, error: Event | None, wanted: str, expected: frozenset[str]) -> None:
    """End the check when this error is not one of the `expected` types: a mistake that the trouble did not bring."""
    if error is None or error["type"] in expected:
        return
    judge_error(server, error, wanted)
    finding = diagnosis.error_finding(error, wanted).finding
    raise NotYet(replace(finding, where=learners_line(server, error)))
