"""The desk's stream of events: what it tells and when, and what it means when it does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from checker.harness import diagnosis
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.http import Stream
from checker.harness.picture import Picture
from checker.harness.server import Server
from checker.stage_3.async_views.drawings import draw_calls
from checker.stage_3.async_views.errors import (
    expect_free_loop,
    judge_error,
    line_of_call,
    line_of_list_order,
    line_of_turns,
    line_writing,
    wait_error_of,
)
from checker.stage_3.async_views.event_stream import Told, events_in, unfinished_in
from checker.stage_3.async_views.patience import LOOK_EVERY_S, is_at_rest
from checker.stage_3.async_views.suppliers import ANSWERING, PRICES, PROMPT_S, calls, release, wait_all_held
from course.model import SourceLine

FIRST_NAMED = "acme"
# How a literal begins that writes an event. The last one begins otherwise, with its `event:`.
ID_FIELD, DATA_FIELD = r"^\s*id:", r"^\s*data:"
HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
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
                wanted = f"the event for {name} came in time, with an id, and data: {in_full(name)}"
                saw = f"in time, but with id: {event.id or 'none'}, data: {event.data}"
                fail_undrawn("events-shape", server, wanted=wanted, saw=saw, where=line_of_event(server))
        if not stream.read_to_end(10):
            fail("events-end", wanted="after the last supplier, `done` and the response's end", saw="no end")
        expect_done(server, stream, "a last event: done")
        expect_headers(server, stream)


def expect_done(server: Server, stream: Stream, wanted: str) -> None:
    """End the check unless the stream, which has ended, has `done` as its last event."""
    if told(stream)[-1].kind == "done":
        return
    judge_stream(server, stream, wanted)
    expect_finished(server, stream, wanted)
    dropped = "; a browser drops an event that has no data line" * (b"event: done" in stream.body)
    saw = f"the last is of {told(stream)[-1].data}{dropped}"
    fail_undrawn("events-end", server, wanted=wanted, saw=saw, where=line_writing(server, r"event: ?done"))


def expect_headers(server: Server, stream: Stream) -> None:
    """End the check unless the stream has the headers that the lesson promises, each perhaps with more beside it."""
    for header, value in HEADERS.items():
        seen = stream.headers.get(header.lower())
        if value not in re.split(r"[\s,;]+", (seen or "").lower()):
            wanted = f"the stream, whose events came in order of arrival, has the header {header}: {value}"
            saw = f"no header {header}" if seen is None else f"{header}: {seen}"
            where = line_of_call(server, {"StreamingHttpResponse"})
            fail_undrawn("events-headers", server, wanted=wanted, saw=saw, where=where)


def fail_undrawn(code: str, server: Server, *, wanted: str, saw: str, where: SourceLine | None) -> NoReturn:
    """End the check, for something of which a picture of who waited for whom says nothing."""
    Picture(server.run.history).nothing()
    fail(code, wanted=wanted, saw=saw, where=where)


def line_of_event(server: Server) -> SourceLine | None:
    """The line that writes an event, by its id or, without one, by its data; never the last event's."""
    return line_writing(server, ID_FIELD) or line_writing(server, DATA_FIELD)


def in_full(name: str) -> str:
    """The data that a supplier's event should have."""
    return f'{{"name": "{name}", "price": "{PRICES[name]}"}}'


def expect_finished(server: Server, stream: Stream, wanted: str) -> None:
    """No event has come without the blank line that ends it."""
    if unfinished := unfinished_in(stream.body):
        saw = f"the lines came, and no blank line after them: {stream.body[-SHOWN_BYTES:]!r}"
        code = "events-unfinished" if any(line.startswith("data") for line in unfinished) else "events-shape"
        fail_undrawn(code, server, wanted=wanted, saw=saw, where=line_of_event(server))


def fail_as_not_heard(server: Server, gate: Gate, stream: Stream, name: str) -> NoReturn:
    """End the check: there is no event for a supplier that has answered. Finds out which mistake it is."""
    wanted = f"the event for {name} as soon as {name} has answered, while {len(gate.held)} others are waited for"
    expect_finished(server, stream, f"{wanted}: its lines, and a blank line at their end")
    already = len(told(stream))
    if nameless := [event.data for event in told(stream) if event.fields.get("name") not in [*PRICES]]:
        form = 'data: {"name": ..., "price": ...} in each event'
        saw = f"data: {nameless[0][:120]}"
        fail_undrawn("events-shape", server, wanted=form, saw=saw, where=line_of_event(server))
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
            fail("events-in-list-order", wanted=wanted, saw=saw, where=line_of_list_order(server, "events"))
    gate.open()
    stream.read_to_end(PROMPT_S)
    judge_stream(server, stream, wanted)
    if not any(event.fields.get("name") in PRICES for event in told(stream)):
        wanted = f"an event for {name} that a browser hears: data: {in_full(name)} and a blank line"
        saw = f"nothing that it hears: {stream.body[:SHOWN_BYTES]!r}"
        fail_undrawn("events-shape", server, wanted=wanted, saw=saw, where=line_of_event(server))
    warned = re.search(r"StreamingHttpResponse must consume .*", server.process.log.text)
    some = f"{already} came, and not one more" if already else "not one event"
    saw = f"{some} until all five suppliers had answered"
    if warned:
        where = line_of_call(server, {"StreamingHttpResponse"})
        # Who follows the log's advice for both servers mends one and breaks the other.
        saw += f"; {server.name}'s log, which speaks for {server.name} alone: {warned[0]}"
        fail("events-at-the-end", wanted=wanted, saw=saw, where=where)
    where = line_of_call(server, {"gather"}, "events")
    fail("events-in-list-order", wanted=wanted, saw=f"{saw}, then all of them", where=where)
