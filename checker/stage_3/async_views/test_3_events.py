"""Asynchronous Views, under uvicorn: the stream of events. "In order of arrival" is decided at the Gate."""

from __future__ import annotations

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.server import Server
from checker.harness.suite import needs
from checker.stage_3.async_views.drawings import draw_calls
from checker.stage_3.async_views.errors import line_of_tasks
from checker.stage_3.async_views.events import expect_order_of_arrival, listen, wait_event_of
from checker.stage_3.async_views.resuming import expect_resumed
from checker.stage_3.async_views.suppliers import PROMPT_S, release, still_open


@needs("test_the_desk_answers")
def test_events_come_in_order_of_arrival(desk: Server, gate: Gate) -> None:
    """Events come in order of arrival, each before the next supplier has answered."""
    expect_order_of_arrival(desk, gate)


@needs("test_events_come_in_order_of_arrival")
def test_a_listener_who_leaves_takes_the_calls_along(desk: Server, gate: Gate) -> None:
    """A listener who leaves takes the calls that are still open along."""
    with listen(desk, gate) as stream:
        release(gate, ["delta"])
        wait_event_of(desk, stream, "delta")
    have_left = gate.wait_left(4, PROMPT_S)
    draw_calls(desk, "events", stream.id)
    if not have_left:
        wanted = "when the listener has hung up, so have the four calls that were still open"
        fail("calls-outlive-visitor", wanted=wanted, saw=still_open(gate), where=line_of_tasks(desk, "events"))


@needs("test_events_come_in_order_of_arrival")
def test_a_stream_resumes(desk: Server, gate: Gate) -> None:
    """A stream that broke off goes on after the last event that was seen."""
    expect_resumed(desk, desk, gate)
