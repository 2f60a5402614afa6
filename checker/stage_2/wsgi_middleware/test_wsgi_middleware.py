"""Checks of WSGI Middleware: a strict server first, which does all that PEP 3333 allows, then gunicorn with threads.

What the strict server saw is judged in duties.py, one duty a check.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.picture import Picture
from checker.harness.run import Run
from checker.harness.server import PROBE_FOLDER
from checker.harness.suite import needs
from checker.stage_2.wsgi_middleware import duties
from checker.stage_2.wsgi_middleware.inside.middleware_lab import GATE, LEDGER, TURNS
from checker.stage_2.wsgi_middleware.inside.strict_gateway import CHUNKS, WRITTEN
from checker.stage_2.wsgi_middleware.mall import (
    ADDED_PAGE,
    GENEROUS_S,
    ROW_BYTES,
    SETTINGS,
    TENANTS,
    WSGI,
    Mall,
    onion,
    wanted_line,
)
from checker.stage_2.wsgi_middleware.report import Lab

ROOT = Path(__file__).resolve().parents[3]
WHOLE_BYTES = sum(map(len, CHUNKS))
ROWS_SHOWN = 8
TENANT = "TenantMiddleware"
IS_WSGI = "test_both_are_wsgi_middleware"
ANSWERS = "test_the_mall_answers"
CARRIES = "test_every_answer_carries_its_request_id"
FOUND = "test_a_tenant_is_found"


@pytest.fixture(scope="session")
def mall(gunicorn: Callable[..., Any], gate: Gate, run: Run) -> Mall:
    """The mall under one gunicorn worker with four threads."""
    return _mall(gunicorn, gate, run, app="mall.wsgi:application", name="gunicorn", environment={})


@pytest.fixture(scope="session")
def traced_mall(gunicorn: Callable[..., Any], gate: Gate, run: Run) -> Mall:
    """The same, with a tracer between every two layers."""
    paths = {"PYTHONPATH": f"{PROBE_FOLDER}{os.pathsep}{ROOT}"}
    app = "checker.stage_2.wsgi_middleware.inside.onion:application"
    return _mall(gunicorn, gate, run, app=app, name="onion", environment=paths)


@pytest.fixture(scope="session")
def lab(program: Callable[..., Any], run: Run) -> Lab:
    """The strict server's report on both WSGI middlewares."""
    environment = {
        "PYTHONPATH": str(ROOT),
        "LEDGER_PATH": str(run.temporary / "lab.jsonl"),
        "MAINTENANCE_FLAG": str(run.temporary / "lab.flag"),
    }
    command = [sys.executable, "-P", "-m", "checker.stage_2.wsgi_middleware.inside.middleware_lab"]
    return Lab(program(command, name="lab", environment=environment))


def _mall(
    gunicorn: Callable[..., Any], gate: Gate, run: Run, *, app: str, name: str, environment: dict[str, str]
) -> Mall:
    ledger, flag = run.temporary / f"{name}.jsonl", run.temporary / f"{name}.flag"
    given = {"UPSTREAM_URL": gate.url, "LEDGER_PATH": str(ledger), "MAINTENANCE_FLAG": str(flag)}
    arguments = ["--worker-class", "gthread", "--threads", "4"]
    server = gunicorn(app, name=name, arguments=arguments, environment={**given, **environment})
    return Mall(server, gate, run, ledger=ledger, flag=flag)


def test_both_are_wsgi_middleware(lab: Lab, mall: Mall) -> None:
    """AccessLedger and MaintenanceGate take a WSGI app, and are one."""
    del mall  # boots meanwhile
    lab.read()
    for trial in (*lab.both("iter"), *lab.of(LEDGER, "no-id")):
        duties.is_wsgi(trial)


def test_the_mall_answers(mall: Mall) -> None:
    """The mall answers under gunicorn."""
    first = mall.server.ready("/hello/")
    mall.layers_are_of_their_kind(first, (LEDGER, GATE), TENANT)
    mall.returns_responses(first)
    mall.server.get("/hello/")


@needs(IS_WSGI)
def test_every_answer_carries_its_request_id(lab: Lab) -> None:
    """Every answer carries its request's id, the visitor's own or a new one."""
    for trial in lab.of(LEDGER, "iter", "long-id"):
        duties.carries_its_id(trial)
    for trial in lab.of(LEDGER, "no-id"):
        duties.makes_ids(trial)


@needs(CARRIES)
def test_an_app_may_start_late(lab: Lab) -> None:
    """An app may call start_response as late as in its first chunk."""
    for trial in lab.both("lazy"):
        duties.may_start_late(trial)


@needs(CARRIES)
def test_what_an_app_writes_arrives(lab: Lab) -> None:
    """What an app sends through write() arrives."""
    for trial in lab.both("write"):
        duties.passes_writes(trial)


@needs(CARRIES)
def test_an_app_may_start_again(lab: Lab) -> None:
    """An app that fails before its first chunk may start again, with exc_info."""
    for trial in lab.both("exc"):
        duties.passes_exc_info(trial)


@needs(CARRIES)
def test_a_chunk_leaves_before_the_next(lab: Lab) -> None:
    """A chunk leaves before the next is asked for."""
    for trial in lab.both("iter", "abort", "empty"):
        duties.passes_chunks(trial)


@needs("test_a_chunk_leaves_before_the_next")
def test_close_reaches_the_app(lab: Lab) -> None:
    """The app's body is closed: after its end, after an error, and when the visitor has left, however early."""
    for trial in lab.both("iter", "abort", "raise", "raise-first", "unpulled"):
        duties.closes(trial)


@needs("test_a_chunk_leaves_before_the_next")
def test_an_error_reaches_the_server(lab: Lab) -> None:
    """An error of the app reaches the server, wherever it was raised."""
    for trial in lab.both("fail", "exit", "raise", "raise-first", "bad-close"):
        duties.passes_errors(trial)


@needs("test_an_app_may_start_late", "test_what_an_app_writes_arrives", "test_an_app_may_start_again")
def test_the_ledger_has_one_line(lab: Lab) -> None:
    """The ledger has one true line for each request, timed to its end."""
    for scenario, status, body_bytes in (
        ("iter", 200, WHOLE_BYTES),
        ("lazy", 200, WHOLE_BYTES),
        ("write", 200, sum(map(len, WRITTEN))),
        ("exc", 500, len(b"sorry")),
        ("slow", 200, WHOLE_BYTES),
        ("long-id", 200, WHOLE_BYTES),
        ("closed-twice", 200, WHOLE_BYTES),
    ):
        for trial in lab.of(LEDGER, scenario):
            duties.is_in_the_ledger(trial, statuses=[status], body_bytes=body_bytes)
    for trial in lab.of(LEDGER, "slow"):
        duties.is_timed_to_the_end(trial)


@needs("test_close_reaches_the_app", "test_an_error_reaches_the_server", "test_the_ledger_has_one_line")
def test_what_breaks_off_is_in_the_ledger(lab: Lab) -> None:
    """A response that breaks off has its line too: what was sent of it, once."""
    for scenario, statuses, body_bytes in (
        ("abort", [200], len(CHUNKS[0])),
        ("raise", [200], len(CHUNKS[0])),
        ("raise-first", [200, 500], 0),  # the app said 200, but no byte has left: a server answers 500
        ("fail", [500], 0),
        ("exit", [500], 0),
        ("bad-close", [200], WHOLE_BYTES),
        ("unpulled", [200], 0),
    ):
        for trial in lab.of(LEDGER, scenario):
            duties.is_in_the_ledger(trial, statuses=statuses, body_bytes=body_bytes)


@needs("test_the_ledger_has_one_line")
def test_requests_in_turns_do_not_mix(lab: Lab) -> None:
    """Two requests that take turns on one thread do not mix."""
    for trial in lab.both(*TURNS):
        duties.keeps_requests_apart(trial)


@needs(IS_WSGI)
def test_the_gate_follows_its_flag(lab: Lab) -> None:
    """While the flag file exists, and only then, the gate answers 503 with Retry-After and enters no app."""
    for trial in lab.of(GATE, "flag"):
        duties.follows_its_flag(trial)


@needs(ANSWERS, "test_the_ledger_has_one_line", "test_the_gate_follows_its_flag")
def test_the_stack_is_wired(mall: Mall) -> None:
    """Under gunicorn both stand around Django, in an order that puts each refusal into the ledger."""
    where = mall.place(WSGI, "application =")
    visitor, answer = mall.ask("/hello/")
    if answer.headers["X-Request-Id"] != visitor or mall.line_of(visitor) is None:
        wanted = "/hello/ under gunicorn goes through AccessLedger: X-Request-Id, and a line in the ledger"
        saw = f"X-Request-Id: {answer.headers['X-Request-Id']}, and {len(mall.lines_of(visitor)) or 'no'} lines"
        fail("not-wired", wanted=wanted, saw=saw, where=where)
    with mall.closed():
        visitor, answer = mall.ask("/hello/", label="hello, while closed")
    if answer.status != 503:
        wanted = "/hello/ under gunicorn goes through MaintenanceGate: status 503 while the flag file exists"
        fail("not-wired", wanted=wanted, saw=f"status {answer.status}", where=where)
    if answer.headers["X-Request-Id"] != visitor:
        wanted = "what the gate refuses passes through the ledger, and carries its id"
        fail("gate-outside-the-ledger", wanted=wanted, saw="a 503 that the ledger knows nothing of", where=where)
    wanted_line(mall, visitor, {"status": 503}, code="no-ledger-line", wanted="a line for what the gate refuses")
    _, answer = mall.ask("/hello/", label="hello, open again")
    if answer.status == 503:
        fail("gate-misses-its-flag", wanted="/hello/ is open again when the flag file is gone", saw="status 503")


@needs("test_the_stack_is_wired", "test_a_chunk_leaves_before_the_next")
def test_a_stream_leaves_row_by_row(mall: Mall) -> None:
    """Under gunicorn a stream leaves row by row."""
    with mall.export("list", 3) as (visitor, stream):
        for number in (2, 3):
            mall.next_row(stream, "list", number)
        stream.read_to_end(GENEROUS_S)
        mall.is_over(stream)
    fields = {"status": 200, "body_bytes": 3 * ROW_BYTES}
    wanted_line(mall, visitor, fields, code="wrong-ledger-line", wanted="a line for three rows")


@needs("test_a_stream_leaves_row_by_row", "test_what_breaks_off_is_in_the_ledger")
def test_a_visitor_who_leaves_is_in_the_ledger(mall: Mall, gate: Gate) -> None:
    """Under gunicorn, who hangs up after the first row is in the ledger, with what was sent."""
    rows = 50
    with mall.export("long", rows) as (visitor, stream):
        pass
    gate.open()
    mall.is_over(stream)
    line = mall.line_of(visitor)
    if line is None or not ROW_BYTES <= line["body_bytes"] < rows * ROW_BYTES:
        saw = "no line" if line is None else f"body_bytes {line['body_bytes']}"
        wanted = f"a line with the bytes that were sent: {ROW_BYTES} or more, but not all {rows * ROW_BYTES}"
        fail("line-lost-when-broken-off", wanted=wanted, saw=saw)


@needs("test_a_stream_leaves_row_by_row", "test_what_breaks_off_is_in_the_ledger")
def test_a_stream_that_fails_is_in_the_ledger(mall: Mall, gate: Gate) -> None:
    """Under gunicorn, a stream that fails at its second row is in the ledger, and the next visitor is served."""
    with mall.export("broken", 3) as (visitor, stream):
        gate.wait_tag("broken-2", GENEROUS_S)
        gate.release("broken-2", status=500)
        stream.read_to_end(GENEROUS_S)
        mall.is_over(stream)
    wanted = "a line for the one row that was sent"
    fields = {"status": 200, "body_bytes": ROW_BYTES}
    wanted_line(mall, visitor, fields, code="line-lost-when-broken-off", wanted=wanted)
    mall.server.get("/hello/")


@needs("test_a_stream_leaves_row_by_row", "test_requests_in_turns_do_not_mix")
def test_two_streams_do_not_mix(mall: Mall) -> None:
    """Under gunicorn's threads two streams that take turns do not mix."""
    with mall.export("one", 3) as (first, one), mall.export("two", 4) as (second, two):
        for number in (2, 3):
            mall.next_row(one, "one", number)
            mall.next_row(two, "two", number)
        mall.next_row(two, "two", 4)
        for stream in (one, two):
            stream.read_to_end(GENEROUS_S)
            mall.is_over(stream)
        answered = [stream.headers.get("x-request-id") for stream in (one, two)]
    counted = [(mall.line_of(visitor) or {}).get("body_bytes") for visitor in (first, second)]
    if answered != [first, second] or counted != [3 * ROW_BYTES, 4 * ROW_BYTES]:
        wanted = f"each stream has its own id and count: {first} {3 * ROW_BYTES}, {second} {4 * ROW_BYTES}"
        fail("state-shared", wanted=wanted, saw=f"ids {answered}, body_bytes {counted}")


@needs(ANSWERS)
def test_a_tenant_is_found(mall: Mall, lab: Lab) -> None:
    """A view knows its tenant, and each answer names it: a stream and an error page, too."""
    wanted = "X-Tenant: north makes request.tenant the tenant `north`, and the answer says X-Tenant: north"
    answer = mall.page("/shelf/", tenant="north", wanted=wanted)
    if answer.status != 200 or answer.json() != {"tenant": "north"}:
        where = None if _position(lab, TENANT) is not None else mall.place(SETTINGS, "MIDDLEWARE =")
        absent = "" if where is None else f"; settings.MIDDLEWARE has no {TENANT}"
        saw = f"status {answer.status}: {answer.text[:100]}{absent}"
        fail("no-tenant", wanted=wanted, saw=saw, where=where)
    if answer.headers["X-Tenant"] != "north":
        fail("tenant-not-named", wanted=wanted, saw=f"X-Tenant: {answer.headers['X-Tenant'] or 'missing'}")
    for kind, path in (("a streamed answer", "/export/named/1/"), ("a fault page from further inside", "/price/")):
        wanted = f"{kind} says X-Tenant: north too"
        answer = mall.page(path, tenant="north", wanted=wanted)
        if answer.headers["X-Tenant"] != "north":
            fail("tenant-not-named", wanted=wanted, saw=f"X-Tenant: {answer.headers['X-Tenant'] or 'missing'}")


@needs(FOUND)
def test_two_tenants_do_not_mix(mall: Mall, gate: Gate) -> None:
    """Under gunicorn's threads two tenants at the same time do not mix."""
    north = mall.stock_asked("north")
    meanwhile = mall.page("/shelf/", tenant="sud", wanted="`sud` is served while `north` waits for its stock")
    gate.open()
    first = mall.whole(north, wanted="`north` is served when its stock has come")
    for tenant, path, answer in (("north", "/stock/", first), ("sud", "/shelf/", meanwhile)):
        if answer.json() != {"tenant": tenant} or answer.headers["X-Tenant"] != tenant:
            wanted = f"{path} for `{tenant}`, while the other one is on its way too, says X-Tenant: {tenant}"
            saw = f"X-Tenant: {answer.headers['X-Tenant'] or 'missing'}, status {answer.status}: {answer.text[:100]}"
            fail("state-shared", wanted=wanted, saw=saw, where=mall.place(TENANTS, TENANT))


@needs(FOUND)
def test_only_public_pages_need_no_tenant(mall: Mall, traced_mall: Mall) -> None:
    """Without a known tenant a public page is served, and any other answers 404."""
    for tenant in ("", "nobody"):
        who = f"with the unknown tenant {tenant!r}" if tenant else "without a tenant"
        for path in ("/hello/", "/hours/"):
            wanted = f"{path} {who} is served: its view is public"
            answer = mall.page(path, tenant=tenant, wanted=wanted)
            if answer.status != 200:
                fail("public-page-refused", wanted=wanted, saw=f"status {answer.status}: {answer.text[:100]}")
        for path in ("/shelf/", "/export/unknown/1/"):
            wanted = f"{path} {who} answers 404, and its view is not called"
            answer = mall.page(path, tenant=tenant, wanted=wanted)
            if answer.status != 404:
                fail("unknown-tenant-let-in", wanted=wanted, saw=f"status {answer.status}: {answer.text[:100]}")
    traced_mall.server.ready("/hello/")
    wanted = "a page added later, its view marked with @public, is served without a tenant"
    answer = traced_mall.page(ADDED_PAGE, wanted=wanted)
    if answer.status in (403, 404):
        fail("public-page-refused", wanted=wanted, saw=f"status {answer.status}: {answer.text[:100]}")
    if answer.json() != {"tenant": None}:
        wanted = "a view that is public finds request.tenant, which is None without a tenant"
        fail(
            "no-tenant",
            wanted=wanted,
            saw=f"status {answer.status}: {answer.text[:100]}",
            where=mall.place(TENANTS, TENANT),
        )


@needs(FOUND)
def test_the_layers_stand_in_order(mall: Mall, traced_mall: Mall, lab: Lab, picture: Picture, history: History) -> None:
    """Django's layers stand in the order that each of them needs."""
    traced_mall.server.ready("/hello/")  # what the first request alone has to import is not in the picture
    request = traced_mall.export_whole("onion", ROWS_SHOWN)
    title = "One streamed answer: Django's layers are done before its first row"
    picture.lanes(title, onion(history, request))
    where = mall.place(SETTINGS, TENANT)
    wanted = "/shelf/ for the tenant `sud` says Content-Language: fr, which TenantLanguage takes from request.tenant"
    answer = mall.page("/shelf/", tenant="sud", wanted=wanted)
    if answer.headers["Content-Language"] != "fr":
        saw = f"Content-Language: {answer.headers['Content-Language']}: TenantLanguage was entered without a tenant"
        fail("wrong-order", wanted=wanted, saw=saw, where=where)
    wanted = "QuotaExceeded, raised by a view, reaches TenantMiddleware before FaultPages answers for it"
    answer = mall.page("/order/", tenant="sud", wanted=wanted)
    tenants, faults = _position(lab, TENANT), _position(lab, "FaultPages")
    if mall.fault_of(answer) and tenants is not None and faults is not None and tenants < faults:
        saw = f"status {answer.status} from FaultPages, which stands further inside"
        fail("wrong-order", wanted=wanted, saw=saw, where=where)


@needs("test_the_layers_stand_in_order")
def test_a_suspended_tenant_gets_no_further(mall: Mall) -> None:
    """A suspended tenant is answered 403, and no layer further inside is entered."""
    for path in ("/hello/", "/shelf/"):
        wanted = f"{path} for the suspended tenant `closed` answers 403 by TenantMiddleware itself"
        answer = mall.page(path, tenant="closed", wanted=wanted)
        if answer.status != 403:
            fail("not-short-circuited", wanted=wanted, saw=f"status {answer.status}")
        if language := answer.headers["Content-Language"]:
            saw = f"a 403 with Content-Language: {language}: TenantLanguage, further inside, had been entered"
            fail("not-short-circuited", wanted=wanted, saw=saw)


@needs("test_the_layers_stand_in_order")
def test_a_quota_is_answered_and_a_fault_is_not(mall: Mall) -> None:
    """QuotaExceeded is answered 429; any other exception of a view is left to FaultPages."""
    wanted = (
        '/order/ for `sud`, whose view raises QuotaExceeded, answers 429 {"error": "quota exceeded", "tenant": "sud"}'
    )
    answer = mall.page("/order/", tenant="sud", wanted=wanted)
    if answer.status != 429 or answer.json() != {"error": "quota exceeded", "tenant": "sud"}:
        by = " from FaultPages" if mall.fault_of(answer) else ""
        fail("quota-not-answered", wanted=wanted, saw=f"status {answer.status}{by}: {answer.text[:100]}")
    wanted = "/price/, whose view raises KeyError, answers 500 by FaultPages, which logs it"
    answer = mall.page("/price/", tenant="sud", wanted=wanted)
    if mall.fault_of(answer) != "KeyError":
        fail("fault-swallowed", wanted=wanted, saw=f"status {answer.status}: {answer.text[:100]}")


def _position(lab: Lab, name: str) -> int | None:
    return next((n for n, path in enumerate(lab.middleware) if path.rpartition(".")[2] == name), None)
