"""HTTP vs WebSockets: a client by hand, against recorded frames; one asgi.py on three servers; the long poll."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from checker.harness.findings import fail
from checker.harness.history import History
from checker.harness.picture import Picture
from checker.harness.program import Program
from checker.harness.server import Server
from checker.harness.suite import needs
from checker.stage_1.http_vs_websocket.cases import (
    BROKEN,
    CLOSES,
    COUNTED,
    FRAGMENTED,
    LENGTHS,
    OTHER_PATHS,
    bad_answers,
)
from checker.stage_1.http_vs_websocket.frame_server import FrameServer
from checker.stage_1.http_vs_websocket.frames import BINARY, CONTINUATION, PING, PONG, TEXT, closing, encode
from checker.stage_1.http_vs_websocket.leaving import leave, stall
from checker.stage_1.http_vs_websocket.polls import MANY, end_empty_handed, leave_out, miss_nothing
from checker.stage_1.http_vs_websocket.site import Station, each
from checker.stage_1.http_vs_websocket.talk import PROMPT_S, Talk
from checker.stage_1.http_vs_websocket.ways import compare

BOOT_DEADLINE_S = 40.0
SOCKETS = 20
POLLS = 20
SHORT_WAIT_S = 0.2

Begin = Callable[..., Talk]

# --- part A: the client by hand ---------------------------------------------------------------


@pytest.fixture(scope="session")
def frames(history: History) -> Iterator[FrameServer]:
    """The server that records every byte."""
    with FrameServer(history) as server:
        yield server


@pytest.fixture
def begin(program: Callable[..., Program], frames: FrameServer) -> Begin:
    """Starts the client on these messages, and waits for its request."""
    return partial(Talk, program, frames)


def test_the_client_asks_for_an_upgrade(begin: Begin) -> None:
    """The client asks for the upgrade, with a fresh key each time."""
    keys = []
    for _ in range(2):
        talk = begin()
        talk.expect_upgrade()
        keys.append(talk.key)
        talk.accept(and_send=closing(1000))
    if keys[0] == keys[1]:
        wanted = "each run sends 16 random bytes in Sec-WebSocket-Key"
        fail("key-not-fresh", wanted=wanted, saw=f"two runs sent the same key, {keys[0]}")


@needs("test_the_client_asks_for_an_upgrade")
def test_the_client_checks_the_answer(begin: Begin) -> None:
    """The client leaves, with 1, a server whose answer does not belong to its key."""
    for told in bad_answers(""):
        talk = begin("hello")
        talk.peer.send(bad_answers(talk.key)[told])
        wanted = f"after the answer {told} the client sends nothing"
        frame = talk.peer.frame(PROMPT_S)
        if frame is not None:
            talk.fail("accept-not-checked", wanted, f"it sent {frame}")
        talk.expect_end(1, wanted, "accept-not-checked")
    talk = begin("hello")
    talk.accept()
    wanted = "after a good answer (its Upgrade says `WebSocket`) the message leaves"
    if talk.peer.frame(PROMPT_S) is None:
        talk.fail("good-answer-refused", wanted, "no frame came")


@needs("test_the_client_checks_the_answer")
def test_messages_leave_masked(begin: Begin) -> None:
    """Each message leaves as one text frame, under a mask of its own."""
    messages = ["hello", "hello", "grüße 🦊", "hello"]
    talk = begin(*messages)
    talk.accept()
    sent = [
        talk.expect_frame(TEXT, m.encode(), f"the message {m!r} leaves as one text frame", "wrong-frame")
        for m in messages
    ]
    masks = [frame.mask or b"" for frame in sent]
    if len(set(masks)) < len(masks):
        shown = ", ".join(mask.hex() for mask in masks)
        talk.fail("mask-reused", "every frame has four random bytes of its own as its mask", f"the masks were {shown}")


@needs("test_messages_leave_masked")
def test_every_length_leaves_and_arrives(begin: Begin) -> None:
    """Messages of 125, 126, 65,535 and 65,536 bytes leave and arrive whole."""
    for length, bits in LENGTHS.items():
        message = "x" * length
        talk = begin(message)
        talk.accept()
        frame = talk.expect_frame(TEXT, message.encode(), f"a text frame of {length} bytes", "wrong-length")
        if frame.length_bits != bits:
            wanted = f"{length} bytes are told in the shortest form, {bits} bits"
            talk.fail("wrong-length", wanted, f"they were told in {frame.length_bits} bits")
        text = message[:-1] + "y"
        talk.peer.send(encode(TEXT, text.encode()))
        talk.expect_line(f"a text of {length} bytes is shown whole", "wrong-length", text=text)


@needs("test_messages_leave_masked")
def test_a_ping_is_answered(begin: Begin) -> None:
    """A ping is answered by a pong with its payload, and is no message."""
    talk = begin()
    talk.accept(and_send=encode(PONG, b"unasked"))
    for payload in (b"", b"are you there?", bytes(range(125))):
        talk.peer.send(encode(PING, payload))
        wanted = f"the ping of {len(payload)} bytes is answered by a pong with the same payload"
        talk.expect_frame(PONG, payload, wanted, "ping-not-answered")
    talk.peer.send(encode(TEXT, b"hello"))
    talk.expect_line('after three pings and a pong, the text is shown: {"text": "hello"}', "wrong-output", text="hello")


@needs("test_a_ping_is_answered")
def test_fragments_are_one_message(begin: Begin) -> None:
    """A message in fragments is shown once and whole, also with a ping between them."""
    for opcode, (first, second, third), fields in FRAGMENTED:
        talk = begin()
        talk.accept(and_send=encode(opcode, first, is_final=False))
        talk.peer.send(encode(PING, b"now") + encode(CONTINUATION, second, is_final=False))
        wanted = "a ping between two fragments is answered"
        talk.expect_frame(PONG, b"now", wanted, "ping-not-answered")
        talk.peer.send(encode(CONTINUATION, third) + encode(TEXT, b"next"))
        talk.expect_line(f"three fragments are shown as one message, {fields}", "fragments-not-joined", **fields)
        wanted = 'the message after it is shown as {"text": "next"}'
        talk.expect_line(wanted, "fragments-not-joined", text="next")


@needs("test_messages_leave_masked")
def test_the_server_closes(begin: Begin) -> None:
    """When the server closes, the client returns its code, shows it, and ends with 0."""
    for frame, code, reason in CLOSES:
        talk = begin()
        talk.accept(and_send=encode(TEXT, b"hello") + frame)
        talk.expect_line("the message before the close is shown", "wrong-output", text="hello")
        told = "a close frame without a code" if code is None else f"a close frame with {code}"
        talk.expect_close(code, f"{told} is answered with the same", "close-not-returned")
        talk.peer.end()
        shown = 1005 if code is None else code
        wanted = f"after {told} the client shows {shown}"
        talk.expect_line(wanted, "wrong-close-shown", closed=shown, reason=reason)
        talk.expect_end(0, wanted, "wrong-close-shown")


@needs("test_the_server_closes")
def test_the_client_closes(begin: Begin) -> None:
    """After --count messages the client closes with 1000, and waits for the server's close."""
    talk = begin("hello", count=2)
    talk.accept()
    talk.expect_frame(TEXT, b"hello", "the message leaves", "wrong-frame")
    messages: list[tuple[int, dict[str, str]]] = [(TEXT, {"text": "one"}), (BINARY, {"binary": "6f6e65"})]
    for number, (opcode, fields) in enumerate(messages, 1):
        talk.peer.send(encode(PING) + encode(opcode, b"one"))
        talk.expect_frame(PONG, b"", "a ping is answered", "ping-not-answered")
        talk.expect_line(f"message {number} is shown, {fields}", "wrong-output", **fields)
    wanted = "after two messages, a text and a binary one (pings are none), the client sends a close frame with 1000"
    talk.expect_close(1000, wanted, "left-without-close")
    # Only who waits for the server's answer can know its reason.
    before = encode(TEXT, b"sent before your close came") + encode(PING, b"still there?")
    talk.peer.send(before + closing(1000, "good bye"))
    talk.peer.end()
    wanted = "the client waits for the server's close frame, drops what comes before it, and shows its code and reason"
    talk.expect_line(wanted, "left-without-close", closed=1000, reason="good bye")
    told = "a ping that comes between the client's close frame and the server's is answered, too"
    talk.expect_frame(PONG, b"still there?", told, "ping-not-answered")
    talk.expect_end(0, wanted, "left-without-close")


@needs("test_the_server_closes")
def test_a_lost_connection_is_no_close(begin: Begin) -> None:
    """A connection that ends without a close frame is shown as 1006, and ends with 3."""
    for before in (b"", encode(TEXT, b"cut off here")[:-4]):
        talk = begin()
        talk.accept(and_send=encode(TEXT, b"hello") + before)
        talk.expect_line("the message before the loss is shown", "wrong-output", text="hello")
        talk.peer.end()
        cut = "inside a frame" if before else "between two frames"
        wanted = f"a connection that ends {cut} is shown as closed with 1006"
        talk.expect_line(wanted, "loss-not-told", closed=1006)
        talk.expect_end(3, wanted, "loss-not-told")
    talk = begin(count=1)
    talk.accept(and_send=encode(TEXT, b"hello"))
    talk.expect_line("the message before the loss is shown", "wrong-output", text="hello")
    talk.expect_close(1000, "after one message the client sends a close frame with 1000", "left-without-close")
    talk.peer.end()
    wanted = "a connection that ends after the client's close frame, and before the server's, is shown as 1006"
    talk.expect_line(wanted, "loss-not-told", closed=1006)
    talk.expect_end(3, wanted, "loss-not-told")


@needs("test_the_server_closes")
def test_broken_frames_end_it(begin: Begin) -> None:
    """A frame that breaks the protocol ends the connection with 1002, broken text with 1007."""
    for told, (frame, code) in BROKEN.items():
        talk = begin()
        talk.accept(and_send=frame)
        wanted = f"{told} is answered by a close frame with {code}"
        talk.expect_close(code, wanted, "violation-accepted")
        talk.peer.end()
        talk.expect_line(wanted, "violation-accepted", closed=code)
        talk.expect_end(4, wanted, "violation-accepted")


# --- part B: one application on three servers -------------------------------------------------


@pytest.fixture(scope="session")
def booting(
    uvicorn: Callable[..., Server], daphne: Callable[..., Server], hypercorn: Callable[..., Server]
) -> list[Station]:
    """The same application on three servers, which boot side by side."""
    return [Station(start("wire.asgi:application")) for start in (uvicorn, daphne, hypercorn)]


@pytest.fixture
def stations(booting: list[Station]) -> Iterator[Station]:
    """The three servers, one after the other."""
    return each(booting)


def test_three_servers_serve_the_site(stations: Iterator[Station]) -> None:
    """uvicorn, daphne and hypercorn start the site, and Django answers."""
    for station in stations:
        station.server.ready("/hello/", BOOT_DEADLINE_S)
        answer = station.server.get("/hello/")
        if (answer.status, answer.text.strip()) != (200, "hello"):
            saw = f"status {answer.status}: {answer.text[:80]!r}"
            fail("django-left-out", wanted=f"{station.name}: Django answers /hello/ with 'hello'", saw=saw)


@needs("test_three_servers_serve_the_site")
def test_each_socket_counts(stations: Iterator[Station]) -> None:
    """On each server twenty sockets are open together, and each counts its own messages."""
    for station in stations:
        sockets = [station.socket(str(number)) for number in range(1, SOCKETS + 1)]
        for number, text in ((1, "hello"), (2, "grüße 🦊")):
            for socket in reversed(sockets):
                station.answers(socket, text, number, "wrong-count")
        for socket in sockets:
            socket.close()


@needs("test_each_socket_counts")
def test_text_and_bytes_are_counted(stations: Iterator[Station]) -> None:
    """Text and binary messages are counted alike, empty ones too."""
    for station in stations:
        socket = station.socket("1")
        for number, message in enumerate(COUNTED, 1):
            station.answers(socket, message, number, "bytes-or-text")
        socket.close()


@needs("test_each_socket_counts")
def test_other_paths_are_refused(stations: Iterator[Station]) -> None:
    """A WebSocket at any other path is refused before it is accepted, without an error."""
    for station in stations:
        for path in OTHER_PATHS:
            socket = station.server.try_websocket(path, label=f"{station.name} {path}")
            wanted = f"{station.name}: the handshake at {path} is refused with 403 (or another 4xx)"
            if socket.refused is None:
                station.fail("other-path-accepted", wanted, "it was accepted")
            if not 400 <= socket.refused < 500:
                seen = f"status {socket.refused}" if socket.refused else "no answer"
                errors = station.server.seen("app.raised", since=station.since)
                saw = f"{seen}; {errors[-1]['type']}: {errors[-1]['message']}" if errors else seen
                fail("not-refused", wanted=wanted, saw=saw, where=errors[-1].where if errors else None)


@needs("test_each_socket_counts")
def test_a_notice_reaches_every_socket(stations: Iterator[Station]) -> None:
    """POST /notify/ reaches every open socket, also one that has never spoken, once and in order."""
    for station in stations:
        sockets = [station.socket(name) for name in ("silent", "second", "talking")]
        station.answers(sockets[2], "hello", 1, "wrong-count")
        notice = station.notify("tea is ready")
        for socket in sockets:
            station.gets(socket, notice, f"socket {socket.label} after POST /notify/", "notice-not-pushed")
            # Had it come twice, it would stand before this answer.
            station.answers(socket, "next", 1 + (socket is sockets[2]), "notice-not-once")
        notices = [station.notify(text) for text in ("grüße 🦊", " more tea\n")]
        for socket in sockets:
            socket.send("later")
            when = f"socket {socket.label} after two POSTs, both answered before it speaks"
            for notice in notices:
                station.gets(socket, notice, when, "notice-not-pushed")
        if (ids := [notice["id"] for notice in notices]) != [ids[0], ids[0] + 1]:
            station.fail(
                "wrong-notify-answer", f"{station.name}: ids count up by one", f"two POSTs were answered {ids}"
            )
        for socket in sockets:
            socket.close()


@needs("test_a_notice_reaches_every_socket")
def test_a_lost_socket_is_forgotten(stations: Iterator[Station]) -> None:
    """A socket that closes or is cut off ends its call of the application, and costs nobody a notice."""
    for station in stations:
        leave(station)


# --- part C: the long poll --------------------------------------------------------------------


@needs("test_three_servers_serve_the_site")
def test_a_poll_is_held(stations: Iterator[Station]) -> None:
    """A poll is held until something is notified, and others are served meanwhile."""
    for station in stations:
        before = station.notify("before")
        (poll,) = station.held(before["id"])
        notice = station.notify("tea is ready")
        wanted = f"{poll.path} is answered as soon as notice {notice['id']} is there"
        station.same(station.notices(poll, wanted, "poll-not-woken"), [notice], wanted)


@needs("test_a_poll_is_held")
def test_a_cursor_misses_nothing(stations: Iterator[Station]) -> None:
    """With its cursor a poll misses nothing and gets nothing twice."""
    for station in stations:
        miss_nothing(station)


@needs("test_a_poll_is_held")
def test_a_poll_leaves_out_its_query(stations: Iterator[Station]) -> None:
    """A poll without `after` gets all notices there ever were, and one without `wait` is held."""
    for number, station in enumerate(stations):
        leave_out(station, at_least=MANY if number == 0 else 0)


@needs("test_a_poll_is_held")
def test_one_notice_wakes_every_poll(stations: Iterator[Station]) -> None:
    """One notice wakes twenty polls."""
    for station in stations:
        polls = station.held(station.notify("before")["id"], POLLS)
        notice = station.notify("tea for all")
        for number, poll in enumerate(polls, 1):
            wanted = f"all {POLLS} polls are answered with the notice {notice['id']}, number {number} too"
            station.same(station.notices(poll, wanted, "poll-not-woken"), [notice], wanted)


@needs("test_a_poll_is_held")
def test_a_poll_ends_empty_handed(stations: Iterator[Station]) -> None:
    """A poll without news ends with 204, and the next one gets what comes then."""
    for station in stations:
        before = station.notify("before")
        poll = station.poll(before["id"], wait_s=SHORT_WAIT_S)
        end_empty_handed(station, poll)
        (poll,) = station.held(before["id"])
        notice = station.notify("late tea")
        wanted = "the poll after the empty one is answered with the notice"
        station.same(station.notices(poll, wanted, "poll-not-woken"), [notice], wanted)


@needs("test_a_poll_is_held")
def test_hanging_up_frees_the_waiter(stations: Iterator[Station]) -> None:
    """A poller who hangs up is waited for no longer, and the next notice reaches the others."""
    for station in stations:
        *leaving, stays = station.held(station.notify("before")["id"], POLLS)
        for poll in leaving:
            poll.hang_up()
        left = station.ended_of([poll.id for poll in leaving])
        if left < len(leaving):
            wanted = f"{station.name}: when a poller hangs up, the application's call for it ends"
            saw = f"{len(leaving) - left} of {len(leaving)} calls still wait, {PROMPT_S:.0f} s later"
            station.fail("waiter-not-freed", wanted, saw)
        notice = station.notify_past("tea for who stayed", f"{len(leaving)} pollers have hung up")
        wanted = "the poll that stayed is answered with the notice"
        station.same(station.notices(stays, wanted, "poll-not-woken"), [notice], wanted)


@needs("test_a_notice_reaches_every_socket")
def test_nobody_is_held_up(stations: Iterator[Station]) -> None:
    """A client that does not read holds up nobody: its own notices wait, or it is cut off."""
    for station in stations:
        stall(station)


@needs("test_a_notice_reaches_every_socket", "test_a_cursor_misses_nothing", "test_a_poll_ends_empty_handed")
def test_three_ways_bring_the_same(booting: list[Station], picture: Picture) -> None:
    """Polling, the long poll and the WebSocket bring the same five notices."""
    compare(booting[0].begin(), picture, ("tea", "milk", "sugar", "scones", "jam"))
