"""The third door, the learner's adapter under uvicorn: a server's duties, kept outside the event loop."""

from __future__ import annotations

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.server import Server
from checker.harness.suite import needs
from checker.stage_1.gateways.answers import blocked, opened, succeeded
from checker.stage_1.gateways.bodies import reads_bodies
from checker.stage_1.gateways.duties import (
    closes,
    flows,
    starts_late,
    starts_once,
    survives,
    validated,
    writes,
    writes_at_once,
)
from checker.stage_1.gateways.environ import environ_of, serving_flags
from checker.stage_1.gateways.visitors import holds_back, notices_who_left


def test_the_adapter_answers(adapter: Server) -> None:
    """ASGI: behind uvicorn, the adapter calls the app with the same environ."""
    opened(adapter, "/lab/closing/first")
    wanted = "the app's answer: status 200 and the body `closing`"
    answer = succeeded(adapter, adapter.send("/lab/closing/more", label="visitor"), wanted)
    if answer.status != 200 or answer.body != b"closing":
        fail("environ-wrong", wanted=wanted, saw=f"status {answer.status}, {answer.text[:80]!r}")
    environ_of(adapter, "an environ for a POST without a body", port=adapter.port)


@needs("test_the_adapter_answers")
def test_the_adapter_keeps_the_duties(adapter: Server) -> None:
    """ASGI: the adapter keeps a WSGI server's duties: bodies, write(), the head, errors, close()."""
    reads_bodies(adapter)
    validated(adapter)
    writes(adapter)
    starts_late(adapter)
    survives(adapter)
    starts_once(adapter)
    since = History.now()
    succeeded(adapter, adapter.send("/lab/closing/whole", label="whole"), "an answer")
    closes(adapter, "whole", "after the last chunk", since)
    adapter.send("/lab/break/broken", label="app that breaks off").wait_answer()
    closes(adapter, "broken", "when the app raised in its body", since)


@needs("test_the_adapter_answers")
def test_two_requests_wait_together(adapter: Server, gate: Gate) -> None:
    """ASGI: two requests wait in the app at the same time, the loop stays free, and the environ says so."""
    since = History.now()
    wanted = "two requests wait in the app at the same time"
    visitors = [adapter.send(f"/lab/held/visit-{n}", label=f"visitor {n}") for n in (1, 2)]
    if not gate.wait_held(2):
        blocked(adapter, since, wanted)
        fail("requests-take-turns", wanted=wanted, saw=f"{gate.peak} at a time; the loop was free meanwhile")
    gate.open()
    for visitor in visitors:
        succeeded(adapter, visitor, wanted)
    blocked(adapter, since, "nothing blocks the event loop's own thread", 0)
    flags, says = serving_flags(adapter)
    if not any(flags.values()):
        fail("multithread-untrue", wanted="wsgi.multithread is True where two requests are served together", saw=says)


@needs("test_two_requests_wait_together")
def test_the_adapter_streams(adapter: Server, gate: Gate) -> None:
    """ASGI: each chunk leaves before the app makes the next."""
    flows(adapter, gate, "/stream/cup/", "cup")
    writes_at_once(adapter, gate)


@needs("test_the_adapter_streams")
def test_a_slow_visitor_holds_the_app_back(adapter: Server, gate: Gate) -> None:
    """ASGI: a visitor who reads slowly holds the app back."""
    holds_back(adapter, gate)


@needs("test_a_slow_visitor_holds_the_app_back")
def test_an_app_without_a_visitor_is_closed(adapter: Server, gate: Gate) -> None:
    """ASGI: when the visitor has left, the app is closed before it has made the rest."""
    notices_who_left(adapter, gate)
