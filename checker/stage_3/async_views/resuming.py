"""A stream that broke off, resumed by the last id that was seen; and once more, by an id of the second stream."""

from __future__ import annotations

import re
from collections.abc import Collection

from checker.harness.events import EventKind
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.server import Server
from checker.stage_3.async_views.errors import line_of_call, line_writing
from checker.stage_3.async_views.event_stream import Told
from checker.stage_3.async_views.events import (
    ID_FIELD,
    expect_done,
    fail_undrawn,
    judge_stream,
    listen,
    told,
    wait_event_of,
)
from checker.stage_3.async_views.suppliers import PRICES, release
from course.model import SourceLine

FIRST_TOLD = ("delta", "acme")  # not the first two of the list
VISIBLE_ASCII = re.compile(r"[!-~]([ -~]*[!-~])?")


def expect_resumed(first: Server, second: Server, gate: Gate) -> None:
    """End the check unless the second server goes on twice: where the first one broke off, and where it did itself."""
    with listen(first, gate) as stream:
        last = None
        for name in FIRST_TOLD:
            release(gate, [name])
            last = wait_event_of(first, stream, name)
    id_ = expect_id(first, last)
    gate.reset()
    gate.open()
    untold = [name for name in PRICES if name not in FIRST_TOLD]
    past = f"{' and '.join(FIRST_TOLD)} were told, the last with `id: {id_}`"
    heard = expect_rest(second, id_, past, untold, "" if first is second else "resume-needs-memory")

    # A listener who was cut off after the second stream's first event knows its id, and no later one.
    middle = heard[0]
    id_ = expect_id(second, middle)
    name = str(middle.fields["name"])
    past = f"{' and '.join(FIRST_TOLD)} were told by the first stream, {name} by the second, with `id: {id_}`"
    expect_rest(second, id_, past, [other for other in untold if other != name], "resume-begins-anew")


def expect_rest(server: Server, id_: str, past: str, untold: Collection[str], code: str) -> list[Told]:
    """End the check unless, by this id, these are asked and told, and nobody else; `past` says who was told before."""
    since = History.now()
    with server.stream("/events/", headers={"Last-Event-ID": id_}, label="events, resumed") as stream:
        stream.read_to_end(10)
        *others, final = untold
        only = f"{', '.join(others)} and {final}"
        wanted = f"{past}; with `Last-Event-ID: {id_}`, only {only} are asked and told, then done"
        if not told(stream) or told(stream)[-1].kind != "done":
            judge_stream(server, stream, wanted)
    heard = [event for event in told(stream) if "name" in event.fields]
    names = [str(event.fields["name"]) for event in heard]
    asked = {str(event["tag"]) for event in server.run.history.events(EventKind.GATE_ARRIVED, since=since)}
    saw = ""
    if sorted(names) != sorted(untold):
        saw = f"told: {', '.join(names) or 'nobody'}"
    elif more := asked - set(names):
        saw = f"asked once more: {', '.join(sorted(more))}"
    if saw:
        code = code or ("resume-ignored" if {*names} == {*PRICES} else "resume-mixed-up")
        fail_undrawn(code, server, wanted=wanted, saw=saw, where=line_at_fault(server, code))
    expect_done(server, stream, wanted)
    return heard


def line_at_fault(server: Server, code: str) -> SourceLine | None:
    """The line that writes an id that is not enough; of an id that nobody heeds, the line that reads it, or answers."""
    if code != "resume-ignored":
        return line_writing(server, ID_FIELD)
    reads = line_writing(server, r"^(http_)?last[-_]event[-_]id$")
    return reads or line_of_call(server, {"StreamingHttpResponse"})


def expect_id(server: Server, event: Told | None) -> str:
    """The event's id, when a client can send it back as a header."""
    if event is None or not VISIBLE_ASCII.fullmatch(event.id):
        wanted = "every event has an id of visible ASCII characters"
        fail_undrawn("events-shape", server, wanted=wanted, saw=repr(event), where=line_writing(server, ID_FIELD))
    return event.id
