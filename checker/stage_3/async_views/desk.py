"""What the desk's pages should answer, and what it means when they do not. Judges; sends only what it is told to."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from linecache import getline
from typing import Any

from checker.harness import diagnosis
from checker.harness.findings import NotYet, fail
from checker.harness.gate import Gate
from checker.harness.history import Event, History
from checker.harness.http import Answer, Exchange
from checker.harness.server import Server
from course.model import Place

PRICES = {"acme": "11.10", "borealis": "22.20", "cobalt": "33.30", "delta": "44.40", "ember": "55.50"}
ANSWERING = ("delta", "acme", "ember", "borealis", "cobalt")  # not in the list's order, nor its first one first
NUMBERS = ("orders", "customers", "revenue")
GIVEN = ("desk/suppliers.py", "desk/invoice_sdk.py")
# For what must come now, since the Gate's state leaves nothing else to wait for. Only a failing project waits so long.
PROMPT_S = 3.0
KNOWN_ERRORS = {
    "sync-only-operation": re.compile(r"^.*SynchronousOnlyOperation: .*$", re.MULTILINE),
    "loop-bound-object": re.compile(r"^.*(?:different (?:event )?loop|Event loop is closed).*$", re.MULTILINE),
    "forgotten-await": re.compile(
        r"^.*(?:'coroutine' object|unawaited coroutine|type coroutine|(?:object|got) coroutine$).*$", re.MULTILINE
    ),
}
STACK_LINE = re.compile(r"^(.*):(\d+) (.*)$", re.MULTILINE)
TRACEBACK_LINE = re.compile(r'File "(.*)", line (\d+), in (.*)')


def error_of(server: Server, request: str, deadline_s: float = 2.0) -> Event | None:
    """The error that ended this request, as the probe saw it."""
    return server.run.history.wait_for("app.raised", lambda e: bool(e["request"] == request), deadline_s=deadline_s)


def known_error(server: Server, error: Event | None, wanted: str) -> None:
    """End the check when this error is one that this exercise is about, also when a task group has wrapped it."""
    if error is None:
        return
    text = f"{error['type']}: {error['message']}\n{error['traceback']}"
    for code, pattern in KNOWN_ERRORS.items():
        if match := pattern.search(text):
            fail(code, wanted=wanted, saw=match[0].strip(" |+"), where=learners_line(server, error))


def learners_line(server: Server, event: Event) -> Place | None:
    """The innermost line of the project in the event's stack or traceback, passing over the given modules."""
    is_stall = event.get("stack") is not None
    text, pattern = ("\n".join(event["stack"]), STACK_LINE) if is_stall else (event["traceback"], TRACEBACK_LINE)
    for path, line, function in reversed(pattern.findall(text)):
        file = os.path.relpath(path, server.run.project)
        if not file.startswith("..") and "site-packages" not in file and file not in GIVEN:
            return Place(file, int(line), function.rpartition(".")[2], getline(path, int(line)).strip())
    return event.where


def blocked(server: Server, since: float, wanted: str, deadline_s: float = 0.5) -> None:
    """End the check when the loop has stood still since then."""
    if stall := diagnosis.blocked_loop(server, since=since, deadline_s=deadline_s):
        finding = diagnosis.loop_blocked(stall, wanted).finding
        raise NotYet(replace(finding, where=learners_line(server, stall)))


def answered(server: Server, exchange: Exchange, wanted: str, deadline_s: float = 10.0) -> Answer:
    """The page, whole and without an error."""
    answer = exchange.answer(deadline_s)
    if answer is not None and answer.status >= 500:
        known_error(server, error_of(server, exchange.id), wanted)
    answer = server.answer_of(exchange, deadline_s)
    if answer.status != 200:
        fail("wrong-answer", wanted=wanted, saw=f"{exchange.path} answered {answer.status}: {answer.text[:120]!r}")
    return answer


def answered_with(server: Server, path: str, part: str) -> None:
    """End the check unless this page answers, with `part` in its text."""
    wanted = f"{path} answers with {part!r} in it"
    if part not in (text := answered(server, server.send(path, label=path), wanted).text):
        fail("wrong-answer", wanted=wanted, saw=repr(text[:120]))


def dashboard(answer: Answer) -> dict[str, Any]:
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


def priced(answer: Answer, prices: dict[str, str], wanted: str) -> None:
    """End the check unless the dashboard has just these prices, and null for the other suppliers."""
    for name, price in dashboard(answer)["prices"].items():
        if price is None and name in prices:
            fail("price-lost", wanted=wanted, saw=f"{name} answered {prices[name]}, and the page says null")
        if price != prices.get(name):
            fail("wrong-answer", wanted=f"{name}: {prices.get(name)}", saw=f"{name}: {price!r}")


def release(gate: Gate, names: Iterable[str] = ANSWERING) -> None:
    """Let these suppliers answer, in this order, each with its price."""
    for name in names:
        gate.release(name, body=PRICES[name])


def all_held(gate: Gate, count: int, is_done: Callable[[], bool] = lambda: False) -> bool:
    """True when so many calls are held together; False when the page is done, or no further call came for a while."""
    came, until = 0, History.now() + 10.0
    while History.now() < until and not is_done():
        if gate.wait_held(count, 0.2):
            return True
        if gate.arrived > came:
            came, until = gate.arrived, History.now() + PROMPT_S
    return gate.wait_held(count, 0)


def five_asked(server: Server, gate: Gate, page: Exchange) -> None:
    """End the check unless the page's five calls are held together."""
    since = History.now()
    wanted = "all five suppliers are asked before the first has answered"
    if all_held(gate, 5, lambda: page.is_done):
        return
    if page.is_done:
        answered(server, page, wanted)
        fail("wrong-answer", wanted=wanted, saw=f"the page was answered after {calls(gate.arrived)} to the suppliers")
    blocked(server, since, wanted)
    if not gate.arrived:
        server.answer_of(page, 0.1)
    first = gate.held
    release(gate)
    all_held(gate, 1, lambda: page.is_done)
    if page.is_done:
        priced(answered(server, page, wanted), PRICES, wanted)
    saw = f"{calls(len(first))} at a time: {', '.join(first)}; {', '.join(gate.held) or 'the others'} only after that"
    fail("sequential-suppliers", wanted=wanted, saw=saw)


def still_open(gate: Gate) -> str:
    """`2 calls are still open: acme, delta`."""
    return f"{calls(len(gate.held))} still open: {', '.join(gate.held)}"


def calls(count: int) -> str:
    """`1 call`, `2 calls`."""
    return f"{count} call{'s' * (count != 1)}"


def one_in_trouble(desk: Server, gate: Gate, name: str, deadline_s: float | None) -> Answer:
    """The dashboard when four suppliers answer, and this one is later than the deadline or, without one, fails."""
    path, code, trouble = "/dash/", "failure-breaks-page", f"{name} fails"
    if deadline_s is not None:
        path, code, trouble = f"/dash/?deadline={deadline_s}", "late-breaks-page", f"{name} is late"
    since = History.now()
    page = desk.send(path, label=f"dashboard, {trouble}")
    all_held(gate, 5, lambda: page.is_done)
    if deadline_s is None:
        gate.release(name, status=503)
    release(gate, (other for other in ANSWERING if other != name))
    answer = page.answer(10 + (deadline_s or 0))
    wanted = f"{path} is answered, though {trouble}"
    if answer is None:
        blocked(desk, since, wanted)
        fail(code, wanted=wanted, saw=f"no answer, 10 s later; {still_open(gate)}")
    if answer.status >= 500:
        error = error_of(desk, page.id)
        saw = "" if error is None else f": {error['type']}: {error['message']}"
        where = None if error is None else learners_line(desk, error)
        fail(code, wanted=wanted, saw=f"status {answer.status}{saw}", where=where)
    return answered(desk, page, wanted)
