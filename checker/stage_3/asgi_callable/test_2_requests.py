"""Checks of Deep Dive into asgi.py: what passes through the callable, and what it refuses."""

from __future__ import annotations

import hashlib
import threading
from functools import partial
from urllib.parse import quote

from checker.harness.findings import fail
from checker.harness.history import Event, History
from checker.harness.http import Exchange
from checker.harness.picture import Picture
from checker.harness.seed import Seed
from checker.harness.suite import needs
from checker.harness.waiting import wait_until
from checker.stage_3.asgi_callable import places
from checker.stage_3.asgi_callable.board import HELD_S, Board, stations
from checker.stage_3.asgi_callable.kinds import Kind
from checker.stage_3.asgi_callable.timing import Asked, expect_bounds, expect_opening_timed, expect_timing

SEATS = ["4/A & B", "zażółć", "1+2", "%41", "ü;x=1"]
BODY_BYTES = range(150_000, 200_000)  # several messages each
LINES = 3  # of the given ticker
END_S = 1.0  # for a callable that waits for what comes after its refusal, which is its own affair
HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
UNKNOWN_TYPES = ["webtransport", "http3", "websockets", "mail", "tcp", "grpc"]


@needs("test_without_lifespan_the_first_visitors_open_it")
def test_requests_and_answers_pass_unchanged(boards: list[Board], seed: Seed, picture: Picture) -> None:
    """What a visitor sends reaches Django, and what Django answers the visitor, unchanged."""
    random = seed.random("receipts")
    for board in boards:
        seat, coach = random.sample(SEATS, 2)
        first, second = stations(seed, board.name, 2)
        notes = {"X-Note": first, "x-note": second}  # two headers of one name, which Django joins
        body = random.randbytes(random.choice(BODY_BYTES))
        path = f"/receipt/?seat={quote(seat)}&coach={quote(coach)}"
        request = board.server.send(path, method="POST", headers=notes, body=body, label=f"{board.name} receipt")
        answer = board.server.expect_answer(request)
        sent = {
            "method": "POST",
            "path": path,
            "x_note": f"{first},{second}",
            "bytes": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        arrived = answer.json()
        if not isinstance(arrived, dict):
            arrived = {}
        wrong = [name for name, value in sent.items() if arrived.get(name) != value]
        where = places.takes(board.server.run)
        if wrong and arrived:
            saw = "; ".join(f"{name}: {sent[name]!r} was sent, {arrived.get(name)!r} arrived" for name in wrong)
            wanted = f"under {board.name} a POST of {len(body):,} bytes reaches Django as it was sent"
            fail("request-changed", wanted=wanted, saw=saw, where=where)
        cookies = [value.partition(";")[0].partition("=")[0] for value in answer.headers.get_all("Set-Cookie", [])]
        kind = answer.headers.get_content_type()
        if (answer.status, sorted(cookies), kind) != (201, ["coach", "seat"], "application/json"):
            wanted = f"under {board.name} Django's answer leaves whole: 201, application/json, cookies coach and seat"
            saw = f"status {answer.status}, {kind}, cookies {' and '.join(sorted(cookies)) or 'none'}"
            fail("answer-changed", wanted=wanted, saw=saw, where=places.answers(board.server.run))
        # The given feed is asked by a URL of its own, unquoted: it takes one more layer off.
        odd = f"/departures/%252541{first}/"
        told = board.server.expect_get(odd).text
        if told != f"%41{first}\n":
            wanted = f"under {board.name} {odd} reaches Django decoded once, and the feed is asked for '%41{first}'"
            saw = f"the feed was asked for {told.strip()!r}"
            fail("request-changed", wanted=wanted, saw=saw, where=places.path(board.server.run))
    picture.nothing()  # all went well: what passed is in no picture


@needs("test_requests_and_answers_pass_unchanged")
def test_each_answer_tells_how_long_it_took(
    boards: list[Board], uvicorn_board: Board, history: History, seed: Seed, picture: Picture
) -> None:
    """Each answer of Django's tells in Server-Timing how long it took, also beside another."""
    for board in boards:
        expect_timing(board, board.server.expect_get("/hello/"), "/hello/")
        for opener in board.openers:
            expect_opening_timed(board, opener)
    board = uvicorn_board
    nowhere, broken, *timed = stations(seed, "timed", 4)
    missing = board.server.send(f"/{nowhere}/", label="nowhere")
    expect_timing(board, board.server.expect_answer(missing), f"the 404 of /{nowhere}/")
    with board.holding() as feed:
        failing = board.ask(broken)
        board.wait_held(broken)
        feed.release(broken, status=503, body="no trains today")  # which the given view does not catch
        if answer := board.wait_answer(failing):
            expect_timing(board, answer, f"the {answer.status} of {failing.path}")
        visits = []
        for station in timed:
            visits.append(Asked(station, board.ask(station)))
            board.wait_held(station)
            threading.Event().wait(HELD_S)  # at least so long each of them takes
    for visit in visits:
        expect_bounds(board, history, visit, board.server.expect_answer(visit.exchange))
    picture.nothing()  # all went well: each bound was kept


@needs("test_requests_and_answers_pass_unchanged")
def test_a_stream_passes_chunk_by_chunk(boards: list[Board], seed: Seed, picture: Picture) -> None:
    """A stream passes chunk by chunk, each before the next is there, under each server."""
    (station,) = stations(seed, "tickers", 1)
    for board in boards:
        wanted = f"under {board.name} each line of /ticker/{station}/ arrives before the feed has told the next"
        with (
            board.holding() as feed,
            board.server.stream(f"/ticker/{station}/", label=f"{board.name} ticker") as stream,
        ):
            for number in range(1, LINES + 1):
                tag = f"{station}-{number}"
                board.wait_held(tag)
                feed.release(tag)
                if not board.wait_text(stream, f"{tag}\n"):
                    saw = f"the feed had told line {number}; of the answer {len(stream.body)} bytes had arrived"
                    if stream.ended:
                        saw += ", and it had ended"
                    fail("stream-held-back", wanted=wanted, saw=saw, where=places.holds_back(board.server.run))
            if not board.wait_end(stream):
                saw = f"all {LINES} lines arrived, and no end of the answer"
                fail("stream-held-back", wanted=wanted, saw=saw, where=places.holds_back(board.server.run))
        expect_timing(board, stream, "the ticker")
    picture.nothing()  # all went well: no chunk waited for another


@needs("test_a_stream_passes_chunk_by_chunk")
def test_a_visitor_who_leaves_cancels_the_view(boards: list[Board], seed: Seed, picture: Picture) -> None:
    """A visitor who leaves a page, or a stream, cancels its view under each server."""
    page, ticker = stations(seed, "leaving", 2)
    for board in boards:
        with board.holding() as feed:
            visitor = board.ask(page, label=f"{board.name} leaver")
            board.wait_held(page)
            visitor.hang_up()
            _expect_hung_up(board, 1, f"/departures/{page}/", "the answer")
            with board.server.stream(f"/ticker/{ticker}/", label=f"{board.name} leaves its ticker") as stream:
                board.wait_held(f"{ticker}-1")
                feed.release(f"{ticker}-1")
                board.wait_text(stream, "\n")
                board.wait_held(f"{ticker}-2")
            _expect_hung_up(board, 2, f"/ticker/{ticker}/", "its second line")
    picture.nothing()  # all went well: the last check draws one who leaves


def _expect_hung_up(board: Board, count: int, path: str, what: str) -> None:
    if board.wait(lambda: board.feed.left >= count):
        return
    wanted = f"under {board.name} a visitor who leaves {path} before {what} ends the view, and so its call to the feed"
    saw = f"the visitor had left {path}, and the view still waited for the feed"
    fail("outlives-visitor", wanted=wanted, saw=saw, where=places.outlives(board.server.run))


@needs("test_the_site_boots_where_lifespan_is_required")
def test_a_websocket_is_refused_politely(boards: list[Board], seed: Seed, picture: Picture) -> None:
    """A WebSocket's handshake is refused with 403 under each server, and no error is raised."""
    paths = [f"/{name}/" for name in stations(seed, "sockets", 2)]
    for board in boards:
        for path in paths:
            asked = board.server.send(path, headers=HANDSHAKE, label=f"{board.name} handshake")
            answer = board.wait_answer(asked)
            status = "no answer" if answer is None else f"status {answer.status}"

            ends = wait_until(partial(_ends, board, asked), END_S, unless_ended=board.server.process)
            raised = [e for e in ends if e.kind == Kind.RAISED]
            wanted = f"under {board.name} the handshake at {path} is refused with status 403, without an error"
            if raised:
                saw = f"{status}: your callable raised {raised[0]['type']}: {raised[0]['message']}"
                where = raised[0].where or places.dispatch(board.server.run)
                fail("websocket-not-refused", wanted=wanted, saw=saw, where=where)
            if answer is None or answer.status != 403:
                sent = [str(e["type"]) for e in board.told(Kind.SENT, scope="websocket") if e["request"] == asked.id]
                saw = f"{status}; your callable had sent {', '.join(sent) or 'nothing'}" + (
                    " and returned" * bool(ends)
                )
                where = places.line(board.server.run, "websocket") or places.dispatch(board.server.run)
                fail("websocket-not-refused", wanted=wanted, saw=saw, where=where)
    picture.nothing()  # all went well: refusals are of one kind


def _ends(board: Board, asked: Exchange) -> list[Event]:
    """How the callable's call for this handshake ended, if it has."""
    ends = board.told(Kind.RETURNED, scope="websocket") + board.told(Kind.RAISED, scope="websocket")
    return [e for e in ends if e["request"] == asked.id]


@needs("test_the_site_boots_where_lifespan_is_required")
def test_an_unknown_type_of_scope_is_an_error(uvicorn_board: Board, seed: Seed, picture: Picture) -> None:
    """A scope of any other type is an error that the callable raises."""
    board = uvicorn_board
    for kind in [*seed.random("types").sample(UNKNOWN_TYPES, 2), *stations(seed, "types", 1)]:
        board.server.expect_get("/hello/", headers={"X-Learn-Stray": kind})
        if not board.told(Kind.RAISED, scope=kind):
            sent = ", ".join(str(e["type"]) for e in board.told(Kind.SENT, scope=kind))
            saw = "it returned as if all was well" + (f", and had sent {sent}" if sent else "")
            wanted = f"called with a scope of the type {kind!r}, your callable raises an error"
            where = places.dispatch(board.server.run)
            fail("stray-accepted", wanted=wanted, saw=saw, where=where, facts={"type": kind})
    picture.nothing()  # all went well: errors are of one kind
