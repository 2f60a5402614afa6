"""The desk's stream of events: what it tells and when, and what it means when it does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from checker.harness import diagnosis
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.http import Stream
from checker.harness.server import Server
from checker.stage_3.async_views.drawings import draw_calls
from checker.stage_3.async_views.errors import expect_free_loop, judge_error, line_of_call, line_of_turns, wait_error_of
from checker.stage_3.async_views.event_stream import Told, events_in, unfinished_in
from checker.stage_3.async_views.patience import LOOK_EVERY_S, is_at_rest
from checker.stage_3.async_views.suppliers import ANSWERING, PRICES, PROMPT_S, calls, release, wait_all_held

FIRST_NAMED = "acme"
SHOWN_BYTES = 200
# A server that rests so often in a row, a look each LOOK_EVERY_S, in the middle of an event does not go on with it.
RESTS = 8


def told(stream: Stream) -> list[Told]:
    """The events so far."""
    return events_in(stream.body)


def wait_heard(stream: Stream, matches: Callable[[Told], bool], deadline_s: float) -> Told | None:
    """The first event that matches, as soon as it is complete; None at the deadline or the stream's end."""

    def found() -> Told | None:
        return next((event for event in told(stream) if matches(event)), None)

    stream.wait_for(lambda: found() is not None, deadline_s)
    return found()


def wait_event_of(server: Server, stream: Stream, name: str) -> Told | None:
    """The event for this supplier, which must come now. None as soon as the server leaves one without its end."""
    until = History.now() + PROMPT_S
    rests = 0
    while (event := wait_heard(stream, of(name), LOOK_EVERY_S)) is None and not stream.ended and rests < RESTS:
        rests = rests + 1 if unfinished_in(stream.body) and is_at_rest(server) else 0
        if History.now() > until:
            break
    return event


@contextmanager
def listen(server: Server, gate: Gate) -> Iterator[Stream]:
    """The stream of events, with its five calls held."""
    server.expect_get("/hello/")  # a server that has died ends the check here, with its own finding
    since = History.now()
    with server.stream("/events/", label="events") as stream:
        if not wait_all_held(gate, 5):
            wanted = "/events/ asks all five suppliers before the first has answered"
            expect_free_loop(server, since, wanted)
            stream.read_to_end(0.1)
            judge_stream(server, stream, wanted)
            saw = f"{calls(gate.peak)} at a time: {', '.join(gate.held)} first"
            draw_calls(server, "events", stream.id)
            fail("events-in-turn", wanted=wanted, saw=saw, where=line_of_turns(server, "events"))
        yield stream


def judge_stream(server: Server, stream: Stream, wanted: str) -> None:
    """End the check when the stream's code raised."""
    if error := wait_error_of(server, stream.id, 0.5):
        judge_error(server, error, wanted)
        raise diagnosis.error_finding(error, wanted)


def of(name: str) -> Callable[[Told], bool]:
    """Whether an event tells of this supplier."""
    return lambda event: event.fields.get("name") == name


def expect_order_of_arrival(server: Server, gate: Gate) -> None:
    """End the check unless each supplier's event is told before the next one answers, and then that all is done."""
    with listen(server, gate) as stream:
        for name in ANSWERING:
            release(gate, [name])
            event = wait_event_of(server, stream, name)
            if event is None:
                fail_as_not_heard(server, gate, stream, name)
            if event.fields.get("price") != PRICES[name] or not event.id:
                wanted = f'an id, and data: {{"name": "{name}", "price": "{PRICES[name]}"}}'
                fail("events-shape", wanted=wanted, saw=f"id: {event.id or 'none'}, data: {event.data}")
        if not stream.read_to_end(10):
            fail("events-end", wanted="after the last supplier, `done` and the response's end", saw="no end")
        if told(stream)[-1].kind != "done":
            judge_stream(server, stream, "a last event: done")
            expect_finished(stream, "a last event: done")
            dropped = "; a browser drops an event that has no data line" * (b"event: done" in stream.body)
            fail("events-end", wanted="a last event: done", saw=f"the last is of {told(stream)[-1].data}{dropped}")
        promised = {"content-type": "text/event-stream", "cache-control": "no-cache", "x-accel-buffering": "no"}
        for header, value in promised.items():
            if value not in (seen := stream.headers.get(header, "no such header")):
                fail("events-headers", wanted=f"{header}: {value}", saw=f"{header}: {seen}")


def expect_finished(stream: Stream, wanted: str) -> None:
    """No event has come without the blank line that ends it."""
    if unfinished := unfinished_in(stream.body):
        saw = f"the lines came, and no blank line after them: {stream.body[-SHOWN_BYTES:]!r}"
        code = "events-unfinished" if any(line.startswith("data") for line in unfinished) else "events-shape"
        fail(code, wanted=wanted, saw=saw)


def fail_as_not_heard(server: Server, gate: Gate, stream: Stream, name: str) -> NoReturn:
    """End the check: there is no event for a supplier that has answered. Finds out which mistake it is."""
    wanted = f"the event for {name} as soon as {name} has answered, while {len(gate.held)} others are waited for"
    expect_finished(stream, f"{wanted}: its lines, and a blank line at their end")
    already = len(told(stream))
    if nameless := [event.data for event in told(stream) if event.fields.get("name") not in [*PRICES]]:
        fail("events-shape", wanted='data: {"name": ..., "price": ...} in each event', saw=f"data: {nameless[0][:120]}")
    if already and stream.ended:
        judge_stream(server, stream, wanted)
        draw_calls(server, "events", stream.id)
        saw = f"the response ended after {already} event{'s' * (already != 1)}"
        fail("events-cut-short", wanted=wanted, saw=saw, where=line_of_call(server, {"run"}, "events"))
    if FIRST_NAMED in gate.held:
        release(gate, [FIRST_NAMED])
        wait_event_of(server, stream, FIRST_NAMED)
        if gate.held and len(told(stream)) > already:
            saw = f"it was held back until {FIRST_NAMED}, the first of the list, had answered too"
            fail("events-in-list-order", wanted=wanted, saw=saw)
    gate.open()
    stream.read_to_end(PROMPT_S)
    judge_stream(server, stream, wanted)
    if not told(stream):
        wanted = f'data: {{"name": "{name}", "price": "{PRICES[name]}"}} and a blank line'
        fail("events-shape", wanted=wanted, saw=repr(stream.body[:200]))
    warned = re.search(r"StreamingHttpResponse must consume .*", server.process.log.text)
    some = f"{already} came, and not one more" if already else "not one event"
    saw = f"{some} until all five suppliers had answered"
    if warned:
        where = line_of_call(server, {"StreamingHttpResponse"})
        fail("events-at-the-end", wanted=wanted, saw=f"{saw}; {server.name}'s log: {warned[0]}", where=where)
    where = line_of_call(server, {"gather"}, "events")
    fail("events-in-list-order", wanted=wanted, saw=f"{saw}, then all of them", where=where)


def expect_resumed(first: Server, second: Server, gate: Gate) -> tuple[str, list[str], str]:
    """Two events from one server, the rest by the second event's id from another: (wanted, suppliers told, trouble)."""
    with listen(first, gate) as stream:
        last = None
        for name in ("delta", "acme"):
            release(gate, [name])
            last = wait_event_of(first, stream, name)
    if last is None or not re.fullmatch(r"[!-~]([ -~]*[!-~])?", last.id):
        fail("events-shape", wanted="every event has an id of visible ASCII characters", saw=repr(last))
    gate.reset()
    gate.open()
    since = History.now()
    with second.stream("/events/", headers={"Last-Event-ID": last.id}, label="events, resumed") as stream:
        stream.read_to_end(10)
        wanted = f"with `Last-Event-ID: {last.id}`, only borealis, cobalt and ember are asked and told, then done"
        if not told(stream) or told(stream)[-1].kind != "done":
            judge_stream(second, stream, wanted)
    names = [str(event.fields["name"]) for event in told(stream) if "name" in event.fields]
    asked = {event["tag"] for event in first.run.history.events(EventKind.GATE_ARRIVED, since=since)}
    trouble = ""
    if sorted(names) != ["borealis", "cobalt", "ember"]:
        trouble = f"told: {', '.join(names) or 'nobody'}"
    elif more := asked - set(names):
        trouble = f"asked once more: {', '.join(sorted(more))}"
    return wanted, names, trouble
