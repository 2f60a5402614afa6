"""The second door, the learner's WSGI server: what it tells the app, and what it does with the answer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from checker.harness.difference import difference
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import Event, History
from checker.harness.http import ANSWER_DEADLINE_S, Exchange
from checker.harness.site import SelfBound
from checker.harness.suite import needs
from checker.stage_1.gateways.answers import expect_open, expect_success, line_of
from checker.stage_1.gateways.bodies import expect_bodies_read
from checker.stage_1.gateways.duties import (
    expect_flow,
    expect_late_start,
    expect_one_start,
    expect_survival,
    expect_valid,
    expect_writes,
    expect_writes_at_once,
    wait_together,
)
from checker.stage_1.gateways.environ import (
    expect_environ,
    expect_head_in_pieces,
    expect_serving_flags,
    expect_slashes_kept,
)
from checker.stage_1.gateways.lab import called_from, wait_still
from checker.stage_1.gateways.visitors import (
    expect_bare_head,
    expect_close_whatever_happens,
    expect_end_where_it_says,
    expect_http_1_0,
    expect_served_after_nothing,
)

# A server that takes two lets the second in at once. Only one that takes turns and is never still pays this.
TAKES_TURNS_S = 3.0


def test_the_server_calls_the_app(wsgi: SelfBound) -> None:
    """WSGI: the server calls the app and sends what it gives, to one visitor after another."""
    expect_open(wsgi, "/lab/closing/first")
    since = History.now()
    for number in (1, 2):
        wanted = "the app's answer: status 200 and the body `closing`"
        answer = expect_success(wsgi, wsgi.send("/lab/closing/more", label=f"visitor {number}"), wanted)
        if answer.status != 200 or answer.body != b"closing":
            saw = f"status {answer.status}\n{difference(b'closing', answer.body)}"
            where = called_from(wsgi, since=since) or line_of(wsgi, "def serve")
            fail("answer-not-the-apps", wanted=wanted, saw=saw, where=where)


@needs("test_the_server_calls_the_app")
def test_the_environ_tells_the_request(wsgi: SelfBound) -> None:
    """WSGI: the environ tells the request as PEP 3333 wants it told."""
    expect_environ(wsgi, "an environ for a POST without a body", port=wsgi.port)
    expect_slashes_kept(wsgi)


@needs("test_the_environ_tells_the_request")
def test_a_body_arrives_whole(wsgi: SelfBound) -> None:
    """WSGI: a body arrives whole, and ends where the request's ends, whichever way it is read."""
    expect_bodies_read(wsgi)


@needs("test_a_body_arrives_whole")
def test_a_head_arrives_in_pieces(wsgi: SelfBound) -> None:
    """WSGI: a head that arrives in pieces is read to its end."""
    expect_head_in_pieces(wsgi)


@needs("test_a_body_arrives_whole")
def test_the_validator_is_content(wsgi: SelfBound) -> None:
    """WSGI: wsgiref.validate has nothing to complain about."""
    expect_valid(wsgi)


@needs("test_the_server_calls_the_app")
def test_a_head_waits_for_the_first_byte(wsgi: SelfBound) -> None:
    """WSGI: the head waits for the body's first byte, and can be replaced until then."""
    expect_late_start(wsgi)


@needs("test_the_server_calls_the_app")
def test_write_writes(wsgi: SelfBound, gate: Gate) -> None:
    """WSGI: start_response returns write(), and what it is given leaves at once."""
    expect_writes(wsgi)
    expect_writes_at_once(wsgi, gate)


@needs("test_the_environ_tells_the_request")
def test_each_chunk_leaves_at_once(wsgi: SelfBound, gate: Gate) -> None:
    """WSGI: each chunk leaves before the app makes the next."""
    expect_flow(wsgi, gate, "/stream/cup/", "cup")


@needs("test_the_server_calls_the_app")
def test_an_error_is_answered(wsgi: SelfBound) -> None:
    """WSGI: an app that raises costs its visitor a 500, and the server goes on, as after a visit without a request."""
    expect_survival(wsgi)
    expect_served_after_nothing(wsgi)


@needs("test_an_error_is_answered", "test_a_head_waits_for_the_first_byte")
def test_start_response_is_called_once(wsgi: SelfBound) -> None:
    """WSGI: a second start_response raises, without exc_info always, and with it when the head has left."""
    expect_one_start(wsgi)


@needs("test_an_error_is_answered", "test_write_writes")
def test_head_has_no_body(wsgi: SelfBound) -> None:
    """WSGI: a HEAD request is answered without a body, whatever the app yields or writes."""
    expect_bare_head(wsgi)


@needs("test_an_error_is_answered", "test_a_head_waits_for_the_first_byte", "test_write_writes")
def test_an_answer_ends_where_it_says(wsgi: SelfBound) -> None:
    """WSGI: an answer ends where its Content-Length says, and a client of HTTP/1.0 understands it."""
    expect_end_where_it_says(wsgi)
    expect_http_1_0(wsgi)


@needs("test_an_error_is_answered", "test_the_environ_tells_the_request")
def test_multithread_is_true_or_false(wsgi: SelfBound, gate: Gate) -> None:
    """WSGI: wsgi.multithread and wsgi.multiprocess say whether two requests are ever served together."""
    flags, says = expect_serving_flags(wsgi)
    where = line_of(wsgi, r"wsgi\.multithread", "multithread")
    visitors = [wsgi.send(f"/lab/held/visit-{n}", label=f"visitor {n}") for n in (1, 2)]
    if any(flags.values()):
        if not wait_together(wsgi, gate):
            saw = f"{gate.peak} at a time"
            fail("multithread-untrue", wanted=f"two requests together: {says}", saw=saw, where=where)
    elif takes_two(wsgi, gate, visitors):
        fail("multithread-untrue", wanted=f"one request at a time: {says}", saw="two at the same time", where=where)
    gate.open()
    for visitor in visitors:
        expect_success(wsgi, visitor, "both visitors are answered in the end")


def takes_two(site: SelfBound, gate: Gate, visitors: Sequence[Exchange]) -> bool:
    """Whether more than one of them is let in; waited for until the server stands still."""
    for visitor in visitors:
        site.run.history.wait_for(EventKind.REQUEST_SENT, partial(_is_of, visitor), deadline_s=ANSWER_DEADLINE_S)
    wait_still(site, lambda: gate.wait_held(2, 0), TAKES_TURNS_S)
    gate.wait_settled()
    return gate.wait_held(2, 0)


def _is_of(visitor: Exchange, event: Event) -> bool:
    return bool(event["request"] == visitor.id)


# The last of these: it may leave a server behind that has ended.
@needs("test_an_error_is_answered", "test_each_chunk_leaves_at_once")
def test_close_is_called(wsgi: SelfBound, gate: Gate) -> None:
    """WSGI: close() is called, whatever happens; and a visitor who leaves does not end the server."""
    expect_close_whatever_happens(wsgi, gate)
