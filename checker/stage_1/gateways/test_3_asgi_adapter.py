"""The third door, the learner's adapter under uvicorn: a server's duties, kept outside the event loop."""

from __future__ import annotations

from checker.harness.difference import difference
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.server import Server
from checker.harness.suite import needs
from checker.stage_1.gateways.answers import expect_free_loop, expect_open, expect_success, line_of, wait_answer
from checker.stage_1.gateways.bodies import expect_bodies_read
from checker.stage_1.gateways.duties import (
    expect_close,
    expect_flow,
    expect_late_start,
    expect_one_start,
    expect_survival,
    expect_valid,
    expect_writes,
    expect_writes_at_once,
    wait_together,
)
from checker.stage_1.gateways.environ import expect_environ, expect_serving_flags
from checker.stage_1.gateways.lab import called_from
from checker.stage_1.gateways.visitors import expect_held_back, expect_left_noticed


def test_the_adapter_answers(adapter: Server) -> None:
    """ASGI: behind uvicorn, the adapter calls the app with the same environ."""
    since = History.now()
    expect_open(adapter, "/lab/closing/first")
    wanted = "the app's answer: status 200 and the body `closing`"
    answer = expect_success(adapter, adapter.send("/lab/closing/more", label="visitor"), wanted)
    if answer.status != 200 or answer.body != b"closing":
        saw = f"status {answer.status}\n{difference(b'closing', answer.body)}"
        where = called_from(adapter, since=since) or line_of(adapter, r"\bsend\(")
        fail("answer-not-the-apps", wanted=wanted, saw=saw, where=where)
    expect_environ(adapter, "an environ for a POST without a body", port=adapter.port)


@needs("test_the_adapter_answers")
def test_the_adapter_keeps_the_duties(adapter: Server) -> None:
    """ASGI: the adapter keeps a WSGI server's duties: bodies, write(), the head, errors, close()."""
    expect_bodies_read(adapter)
    expect_valid(adapter)
    expect_writes(adapter)
    expect_late_start(adapter)
    expect_survival(adapter)
    expect_one_start(adapter)
    since = History.now()
    expect_success(adapter, adapter.send("/lab/closing/whole", label="whole"), "an answer")
    expect_close(adapter, "whole", "after the last chunk", since)
    wait_answer(adapter, adapter.send("/lab/break/broken", label="app that breaks off"))
    expect_close(adapter, "broken", "when the app raised in its body", since)


@needs("test_the_adapter_answers")
def test_two_requests_wait_together(adapter: Server, gate: Gate) -> None:
    """ASGI: two requests wait in the app at the same time, the loop stays free, and the environ says so."""
    since = History.now()
    wanted = "two requests wait in the app at the same time"
    visitors = [adapter.send(f"/lab/held/visit-{n}", label=f"visitor {n}") for n in (1, 2)]
    if not wait_together(adapter, gate):
        expect_free_loop(adapter, since, wanted)
        where = line_of(adapter, "thread_sensitive", r"sync_to_async\(", "ThreadPoolExecutor", "to_thread", "executor")
        saw = f"{gate.peak} at a time; the loop was free meanwhile"
        fail("requests-take-turns", wanted=wanted, saw=saw, where=where)
    gate.open()
    for visitor in visitors:
        expect_success(adapter, visitor, wanted)
    expect_free_loop(adapter, since, "nothing blocks the event loop's own thread", 0)
    flags, says = expect_serving_flags(adapter)
    if not any(flags.values()):
        wanted, where = (
            "wsgi.multithread is True where two requests are served together",
            line_of(adapter, "multithread"),
        )
        fail("multithread-untrue", wanted=wanted, saw=says, where=where)


@needs("test_two_requests_wait_together")
def test_the_adapter_streams(adapter: Server, gate: Gate) -> None:
    """ASGI: each chunk leaves before the app makes the next."""
    expect_flow(adapter, gate, "/stream/cup/", "cup")
    expect_writes_at_once(adapter, gate)


@needs("test_the_adapter_streams")
def test_a_slow_visitor_holds_the_app_back(adapter: Server, gate: Gate) -> None:
    """ASGI: a visitor who reads slowly holds the app back."""
    expect_held_back(adapter, gate)


@needs("test_a_slow_visitor_holds_the_app_back")
def test_an_app_without_a_visitor_is_closed(adapter: Server, gate: Gate) -> None:
    """ASGI: when the visitor has left, the app is closed before it has made the rest."""
    expect_left_noticed(adapter, gate)
