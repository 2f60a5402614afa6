"""Checks of WSGI Middleware: both WSGI layers around Django, under gunicorn with threads."""

from __future__ import annotations

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.suite import needs
from checker.stage_2.wsgi_middleware.mall import GENEROUS_S, ROW_BYTES, WSGI, Mall, expect_line


@needs("test_the_mall_answers", "test_the_ledger_has_one_line", "test_the_gate_follows_its_flag")
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
    expect_line(mall, visitor, {"status": 503}, wanted="a line for what the gate refuses")
    _, answer = mall.ask("/hello/", label="hello, open again")
    if answer.status == 503:
        fail("gate-misses-its-flag", wanted="/hello/ is open again when the flag file is gone", saw="status 503")


@needs("test_the_stack_is_wired", "test_a_chunk_leaves_before_the_next")
def test_a_stream_leaves_row_by_row(mall: Mall) -> None:
    """Under gunicorn a stream leaves row by row."""
    with mall.open_export("list", 3) as (visitor, stream):
        for number in (2, 3):
            mall.expect_next_row(stream, "list", number)
        stream.read_to_end(GENEROUS_S)
        mall.wait_over(stream)
    fields = {"status": 200, "body_bytes": 3 * ROW_BYTES}
    expect_line(mall, visitor, fields, wanted="a line for three rows")


@needs("test_a_stream_leaves_row_by_row", "test_what_breaks_off_is_in_the_ledger")
def test_a_visitor_who_leaves_is_in_the_ledger(mall: Mall, gate: Gate) -> None:
    """Under gunicorn, who hangs up after the first row is in the ledger, with what was sent."""
    rows = 50
    with mall.open_export("long", rows) as (visitor, stream):
        pass
    gate.open()
    mall.wait_over(stream)
    line = mall.line_of(visitor)
    if line is None or not ROW_BYTES <= line["body_bytes"] < rows * ROW_BYTES:
        saw = "no line" if line is None else f"body_bytes {line['body_bytes']}"
        wanted = f"a line with the bytes that were sent: {ROW_BYTES} or more, but not all {rows * ROW_BYTES}"
        fail("line-lost-when-broken-off", wanted=wanted, saw=saw)


@needs("test_a_stream_leaves_row_by_row", "test_what_breaks_off_is_in_the_ledger")
def test_a_stream_that_fails_is_in_the_ledger(mall: Mall, gate: Gate) -> None:
    """Under gunicorn, a stream that fails at its second row is in the ledger, and the next visitor is served."""
    with mall.open_export("broken", 3) as (visitor, stream):
        gate.wait_tag("broken-2", GENEROUS_S)
        gate.release("broken-2", status=500)
        stream.read_to_end(GENEROUS_S)
        mall.wait_over(stream)
    wanted = "a line for the one row that was sent"
    fields = {"status": 200, "body_bytes": ROW_BYTES}
    expect_line(mall, visitor, fields, wanted=wanted, lost="line-lost-when-broken-off")
    mall.server.expect_get("/hello/")


@needs("test_a_stream_leaves_row_by_row", "test_requests_in_turns_do_not_mix")
def test_two_streams_do_not_mix(mall: Mall) -> None:
    """Under gunicorn's threads two streams that take turns do not mix."""
    with mall.open_export("one", 3) as (first, one), mall.open_export("two", 4) as (second, two):
        for number in (2, 3):
            mall.expect_next_row(one, "one", number)
            mall.expect_next_row(two, "two", number)
        mall.expect_next_row(two, "two", 4)
        for stream in (one, two):
            stream.read_to_end(GENEROUS_S)
            mall.wait_over(stream)
        answered = [stream.headers.get("x-request-id") for stream in (one, two)]
    counted = [(mall.line_of(visitor) or {}).get("body_bytes") for visitor in (first, second)]
    if answered != [first, second] or counted != [3 * ROW_BYTES, 4 * ROW_BYTES]:
        wanted = f"each stream has its own id and count: {first} {3 * ROW_BYTES}, {second} {4 * ROW_BYTES}"
        fail("state-shared", wanted=wanted, saw=f"ids {answered}, body_bytes {counted}")
