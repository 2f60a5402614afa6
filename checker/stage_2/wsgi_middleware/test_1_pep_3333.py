"""Checks of WSGI Middleware: both WSGI layers before a strict server, which does all that PEP 3333 allows.

What it saw is judged in protocol.py, ledger.py, turns.py and maintenance.py, one duty a check.
"""

from __future__ import annotations

from checker.harness.suite import needs
from checker.stage_2.wsgi_middleware import ledger, maintenance, protocol, turns
from checker.stage_2.wsgi_middleware.inside.lab import GATE, LEDGER, TURNS
from checker.stage_2.wsgi_middleware.inside.probe_app import CHUNKS, WRITTEN
from checker.stage_2.wsgi_middleware.lab import Lab
from checker.stage_2.wsgi_middleware.mall import TENANT, Mall

WHOLE_BYTES = sum(map(len, CHUNKS))
CARRIES = "test_every_answer_carries_its_request_id"
NO_CLOSE = "test_a_body_may_have_no_close"


def test_both_are_wsgi_middleware(lab: Lab, mall: Mall) -> None:
    """AccessLedger and MaintenanceGate take a WSGI app, and are one."""
    del mall  # boots meanwhile
    lab.expect_report()
    for trial in (*lab.both("iter"), *lab.of(LEDGER, "no-id")):
        protocol.expect_wsgi(trial)


def test_the_mall_answers(mall: Mall) -> None:
    """The mall answers under gunicorn."""
    first = mall.server.expect_ready("/hello/")
    mall.expect_layers_of_their_kind(first, (LEDGER, GATE), TENANT)
    mall.expect_responses(first)
    mall.server.expect_get("/hello/")


@needs("test_both_are_wsgi_middleware")
def test_every_answer_carries_its_request_id(lab: Lab) -> None:
    """Every answer carries its request's id, the visitor's own or a new one."""
    for trial in lab.of(LEDGER, "iter", "long-id", "odd-id"):
        ledger.expect_id_carried(trial)
    for trial in lab.of(LEDGER, "no-id"):
        ledger.expect_ids_made(trial)


@needs(CARRIES)
def test_an_app_may_start_late(lab: Lab) -> None:
    """An app may call start_response as late as in its first chunk."""
    for trial in lab.both("lazy"):
        protocol.expect_late_start_allowed(trial)


@needs(CARRIES)
def test_a_body_may_have_no_close(lab: Lab) -> None:
    """A body without close(), such as a list, is passed on."""
    for trial in lab.both("write", "exc"):
        protocol.expect_no_close_needed(trial)


@needs(NO_CLOSE)
def test_what_an_app_writes_arrives(lab: Lab) -> None:
    """What an app sends through write() arrives."""
    for trial in lab.both("write"):
        protocol.expect_writes_passed(trial)


@needs(NO_CLOSE)
def test_an_app_may_start_again(lab: Lab) -> None:
    """An app that fails before its first chunk may start again, with exc_info."""
    for trial in lab.both("exc"):
        protocol.expect_exc_info_passed(trial)


@needs(CARRIES)
def test_a_chunk_leaves_before_the_next(lab: Lab) -> None:
    """A chunk leaves before the next is asked for."""
    for trial in lab.both("iter", "abort", "empty"):
        protocol.expect_chunks_passed(trial)


@needs("test_a_chunk_leaves_before_the_next")
def test_close_reaches_the_app(lab: Lab) -> None:
    """The app's body is closed: after its end, after an error, and when the visitor has left, however early."""
    for trial in lab.both("iter", "abort", "raise", "raise-first", "bad-iter", "unpulled", "own-iterator", "generator"):
        protocol.expect_closed(trial)


@needs("test_a_chunk_leaves_before_the_next")
def test_an_error_reaches_the_server(lab: Lab) -> None:
    """An error of the app reaches the server, wherever it was raised."""
    for trial in lab.both("fail", "exit", "raise", "raise-first", "bad-iter", "bad-close"):
        protocol.expect_errors_passed(trial)


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
            ledger.expect_ledger_line(trial, statuses=[status], body_bytes=body_bytes)
    for trial in lab.of(LEDGER, "slow"):
        ledger.expect_timed_to_the_end(trial)


@needs("test_close_reaches_the_app", "test_an_error_reaches_the_server", "test_the_ledger_has_one_line")
def test_what_breaks_off_is_in_the_ledger(lab: Lab) -> None:
    """A response that breaks off has its line too: what was sent of it, once."""
    for scenario, statuses, body_bytes in (
        ("abort", [200], len(CHUNKS[0])),
        ("raise", [200], len(CHUNKS[0])),
        ("raise-first", [200, 500], 0),  # the app said 200, but no byte has left: a server answers 500
        ("bad-iter", [200, 500], 0),
        ("fail", [500], 0),
        ("exit", [500], 0),
        ("bad-close", [200], WHOLE_BYTES),
        ("unpulled", [200], 0),
    ):
        for trial in lab.of(LEDGER, scenario):
            ledger.expect_ledger_line(trial, statuses=statuses, body_bytes=body_bytes)


@needs("test_the_ledger_has_one_line")
def test_requests_in_turns_do_not_mix(lab: Lab) -> None:
    """Two requests that take turns on one thread do not mix."""
    for trial in lab.both(*TURNS):
        turns.expect_requests_apart(trial)


@needs("test_both_are_wsgi_middleware")
def test_the_gate_follows_its_flag(lab: Lab) -> None:
    """While the flag file exists, and only then, the gate answers 503 with Retry-After and enters no app."""
    for trial in lab.of(GATE, "flag"):
        maintenance.expect_flag_followed(trial)
