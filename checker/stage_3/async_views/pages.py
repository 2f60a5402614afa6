"""What the desk's pages should answer, and what it means when they do not. Judges; sends only what it is told to."""

from __future__ import annotations

from typing import Any

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.http import Answer, Exchange
from checker.harness.server import Server
from checker.stage_3.async_views.errors import expect_free_loop, judge_error, learners_line, wait_error_of
from checker.stage_3.async_views.patience import wait_answer
from checker.stage_3.async_views.suppliers import ANSWERING, PRICES, calls, release, still_open, wait_all_held

NUMBERS = ("orders", "customers", "revenue")


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


def expect_dashboard(answer: Answer) -> dict[str, Any]:
    """The dashboard's JSON, when it has the shape that the lesson promises."""
    body, keys = answer.json(), ("prices", "missing", *NUMBERS)
    if not isinstance(body, dict) or any(key not in body for key in keys) or not isinstance(body["prices"], dict):
        fail("wrong-answer", wanted=f"/dash/ answers JSON with {', '.join(keys)}", saw=answer.text[:200])
    nulls = sorted(name for name in PRICES if body["prices"].get(name) is None)
    missing = sorted(map(str, body["missing"])) if isinstance(body["missing"], list) else None
    if set(body["prices"]) != set(PRICES) or missing != nulls:
        wanted = "`prices` has all five suppliers, `missing` those whose price is null"
        fail("wrong-answer", wanted=wanted, saw=f"prices: {body['prices']}, missing: {body['missing']}")
    return body


def expect_prices(answer: Answer, prices: dict[str, str], wanted: str) -> None:
    """End the check unless the dashboard has just these prices, and null for the other suppliers."""
    for name, price in expect_dashboard(answer)["prices"].items():
        if price is None and name in prices:
            fail("price-lost", wanted=wanted, saw=f"{name} answered {prices[name]}, and the page says null")
        if price != prices.get(name):
            fail("wrong-answer", wanted=f"{name}: {prices.get(name)}", saw=f"{name}: {price!r}")


def expect_five_asked(server: Server, gate: Gate, page: Exchange) -> None:
    """End the check unless the page's five calls are held together."""
    since = History.now()
    wanted = "all five suppliers are asked before the first has answered"
    if wait_all_held(gate, 5, lambda: page.is_done):
        return
    if page.is_done:
        expect_page(server, page, wanted)
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
    fail("sequential-suppliers", wanted=wanted, saw=saw)


def expect_one_in_trouble(desk: Server, gate: Gate, name: str, deadline_s: float | None) -> Answer:
    """The dashboard when four suppliers answer, and this one is later than the deadline or, without one, fails."""
    path, code, trouble = "/dash/", "failure-breaks-page", f"{name} fails"
    if deadline_s is not None:
        path, code, trouble = f"/dash/?deadline={deadline_s}", "late-breaks-page", f"{name} is late"
    since = History.now()
    page = desk.send(path, label=f"dashboard, {trouble}")
    wait_all_held(gate, 5, lambda: page.is_done)
    if deadline_s is None:
        gate.release(name, status=503)
    release(gate, (other for other in ANSWERING if other != name))
    answer = wait_answer(desk, page, deadline_s or 0)
    wanted = f"{path} is answered, though {trouble}"
    if answer is None:
        expect_free_loop(desk, since, wanted)
        fail(code, wanted=wanted, saw=f"no answer; {still_open(gate)}")
    if answer.status >= 500:
        error = wait_error_of(desk, page.id)
        saw = "" if error is None else f": {error['type']}: {error['message']}"
        where = None if error is None else learners_line(desk, error)
        fail(code, wanted=wanted, saw=f"status {answer.status}{saw}", where=where)
    return expect_page(desk, page, wanted)
