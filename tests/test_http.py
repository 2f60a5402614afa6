"""HTTP as checks send it: answered, held, hung up, streamed, cut off; each told in the history."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import IncompleteRead
from pathlib import Path

import pytest

from checker.harness.bounds import MOST_BYTES
from checker.harness.events import EventKind
from checker.harness.findings import NotYet
from checker.harness.history import History
from checker.harness.http import REQUEST_ID_HEADER, Exchange, Stream

DEADLINE_S = 60
HELLO = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Colour: green\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

Conversation = Callable[["Peer"], None]


class Peer:
    """The server's end of one connection: what came, what is said, when the caller left."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.request = b""
        while b"\r\n\r\n" not in self.request and (more := connection.recv(65_536)):
            self.request += more

    def say(self, output: bytes) -> None:
        """Send it now."""
        self._connection.sendall(output)

    def wait_left(self) -> bool:
        """True when the caller hangs up."""
        return self._connection.recv(1) == b""

    def reset(self) -> None:
        """Break the connection instead of closing it."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "history.jsonl", tmp_path / "probe") as history:
        yield history


@pytest.fixture
def serve() -> Iterator[Callable[[Conversation], int]]:
    """`serve(conversation)` listens, holds that conversation with the first caller, and returns the port."""
    listening = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def start(conversation: Conversation) -> int:
        def run() -> None:
            connection, _ = listening.accept()
            connection.settimeout(DEADLINE_S)
            with connection:
                conversation(Peer(connection))

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        port: int = listening.getsockname()[1]
        return port

    yield start
    for thread in threads:
        thread.join(DEADLINE_S)
        assert not thread.is_alive()
    listening.close()


Serve = Callable[[Conversation], int]


# --- a request and its answer ---


def test_an_answer_is_whole(history: History, serve: Serve) -> None:
    answer = Exchange(history, serve(lambda peer: peer.say(HELLO)), "/hello").wait_answer(DEADLINE_S)
    assert answer is not None
    assert (answer.status, answer.text, answer.headers["x-COLOUR"], answer.json()) == (200, "hello", "green", None)


def test_json_is_read(history: History, serve: Serve) -> None:
    body = b'{"colour": "gr\xc3\xbcn"}'
    output = b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    answer = Exchange(history, serve(lambda peer: peer.say(output)), "/").wait_answer(DEADLINE_S)
    assert answer is not None
    assert answer.json() == {"colour": "grün"}


def test_method_headers_body_and_the_requests_id_are_sent(history: History, serve: Serve) -> None:
    seen: list[bytes] = []

    def conversation(peer: Peer) -> None:
        seen.append(peer.request)
        peer.say(HELLO)

    port = serve(conversation)
    exchange = Exchange(history, port, "/buy?n=1", method="POST", headers={"X-Mine": "1"}, body=b"", label="buying")
    assert exchange.wait_answer(DEADLINE_S) is not None
    head = seen[0].decode()
    assert head.startswith("POST /buy?n=1 HTTP/1.1\r\n")
    assert "X-Mine: 1\r\n" in head
    assert f"{REQUEST_ID_HEADER}: {exchange.id}\r\n" in head


def test_the_history_tells_of_request_and_answer(history: History, serve: Serve) -> None:
    exchange = Exchange(history, serve(lambda peer: peer.say(HELLO)), "/hello", label="greeting")
    exchange.wait_answer(DEADLINE_S)
    assert [(event.kind, event["request"]) for event in history.events()] == [
        ("request.sent", exchange.id),
        ("request.answered", exchange.id),
    ]
    assert history.events(EventKind.REQUEST_SENT)[0]["label"] == "greeting"


def test_no_answer_by_the_deadline_is_none_and_may_still_come(history: History, serve: Serve) -> None:
    let_go = threading.Event()

    def conversation(peer: Peer) -> None:
        let_go.wait(DEADLINE_S)
        peer.say(HELLO)

    exchange = Exchange(history, serve(conversation), "/")
    assert exchange.wait_answer(0.05) is None
    assert not exchange.is_done
    let_go.set()
    assert exchange.wait_answer(DEADLINE_S) is not None


def test_a_broken_connection_is_told_with_its_error(history: History, serve: Serve) -> None:
    exchange = Exchange(history, serve(Peer.reset), "/")
    assert exchange.wait_answer(DEADLINE_S) is None
    assert isinstance(exchange.error, ConnectionError)
    assert [event["request"] for event in history.events(EventKind.REQUEST_BROKEN)] == [exchange.id]


def test_an_answer_that_ends_too_early_is_broken(history: History, serve: Serve) -> None:
    exchange = Exchange(history, serve(lambda peer: peer.say(HELLO[:-2])), "/")
    assert exchange.wait_answer(DEADLINE_S) is None
    assert exchange.error is not None


def test_nobody_listening_is_told_with_its_error(history: History) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    exchange = Exchange(history, port, "/")
    assert exchange.wait_answer(DEADLINE_S) is None
    assert isinstance(exchange.error, ConnectionRefusedError)


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_hanging_up_in_the_middle_of_an_answer_reaches_the_server(
    history: History, serve: Serve, connection: str
) -> None:
    left, begun = threading.Event(), threading.Event()

    def conversation(peer: Peer) -> None:
        peer.say(f"HTTP/1.1 200 OK\r\nConnection: {connection}\r\nContent-Length: 100\r\n\r\nbegun".encode())
        begun.set()
        if peer.wait_left():
            left.set()

    exchange = Exchange(history, serve(conversation), "/")
    assert begun.wait(DEADLINE_S)
    exchange.hang_up()
    assert left.wait(DEADLINE_S)
    assert exchange.wait_answer(DEADLINE_S) is None
    assert [event.kind for event in history.events()] == ["request.sent", "request.left"]


def test_hanging_up_before_the_answer_begins_reaches_the_server(history: History, serve: Serve) -> None:
    left = threading.Event()
    exchange = Exchange(history, serve(lambda peer: left.set() if peer.wait_left() else None), "/")
    assert history.wait_for(EventKind.REQUEST_SENT, deadline_s=DEADLINE_S)
    exchange.hang_up()
    assert left.wait(DEADLINE_S)


# --- a stream ---


def test_a_stream_is_read_as_it_arrives(history: History, serve: Serve) -> None:
    first_read = threading.Event()

    def conversation(peer: Peer) -> None:
        peer.say(CHUNKED + b"5\r\nfirst\r\n")
        first_read.wait(DEADLINE_S)
        peer.say(b"6\r\nsecond\r\n0\r\n\r\n")

    with Stream(history, serve(conversation), "/events", headers={"Accept": "text/event-stream"}) as stream:
        assert stream.read_until(b"first", DEADLINE_S)
        assert (stream.status, stream.headers["transfer-encoding"], stream.ended) == (200, "chunked", False)
        first_read.set()
        assert stream.read_to_end(DEADLINE_S)
        assert stream.body == b"firstsecond"
    assert [event.kind for event in history.events()] == ["request.sent", "request.first_byte", "request.answered"]


def test_a_stream_that_stays_silent_ends_at_the_deadline(history: History, serve: Serve) -> None:
    def conversation(peer: Peer) -> None:
        peer.say(CHUNKED + b"5\r\nfirst\r\n")
        peer.wait_left()

    with Stream(history, serve(conversation), "/events") as stream:
        assert stream.read_until(b"second", 0.1) is False
        assert stream.read_to_end(0.1) is False
        assert stream.body == b"first"
    assert history.events(EventKind.REQUEST_LEFT)


def test_leaving_a_stream_reaches_the_server(history: History, serve: Serve) -> None:
    left = threading.Event()

    def conversation(peer: Peer) -> None:
        peer.say(CHUNKED + b"5\r\nfirst\r\n")
        if peer.wait_left():
            left.set()

    with Stream(history, serve(conversation), "/events") as stream:
        stream.read_until(b"first", DEADLINE_S)
    assert left.wait(DEADLINE_S)


@pytest.mark.parametrize("how", [lambda _: None, Peer.reset], ids=["closed", "reset"])
def test_a_stream_that_is_cut_off_has_ended(history: History, serve: Serve, how: Conversation) -> None:
    read = threading.Event()

    def conversation(peer: Peer) -> None:
        peer.say(CHUNKED + b"5\r\nfirst\r\n")
        read.wait(DEADLINE_S)
        how(peer)

    with Stream(history, serve(conversation), "/events") as stream:
        assert stream.read_until(b"first", DEADLINE_S)
        read.set()
        assert stream.read_to_end(DEADLINE_S)
        assert stream.read_until(b"second", DEADLINE_S) is False


def test_an_early_hint_is_not_the_end_of_the_stream(history: History, serve: Serve) -> None:
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    with Stream(history, serve(lambda peer: peer.say(hint + HELLO)), "/") as stream:
        assert stream.read_to_end(DEADLINE_S)
    assert (stream.status, stream.body) == (200, b"hello")


# --- what goes on and on ---

HEADS = {
    "chunked": CHUNKED,
    "until it closes": b"HTTP/1.0 200 OK\r\n\r\n",
    "of a length": b"HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n",
}
PIECE = b"x" * 65_536
MORE_BYTES = MOST_BYTES * 2


def pour(peer: Peer, head: bytes) -> None:
    """Send a body for as long as somebody reads, and longer than anybody should."""
    piece = b"%x\r\n%b\r\n" % (len(PIECE), PIECE) if head == CHUNKED else PIECE
    with suppress(OSError):
        peer.say(head)
        for _ in range(MORE_BYTES // len(PIECE)):
            peer.say(piece)
        peer.wait_left()


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_an_answer_without_end_is_a_finding_that_tells_how_much_was_read(
    history: History, serve: Serve, head: bytes
) -> None:
    exchange = Exchange(history, serve(lambda peer: pour(peer, head)), "/orders/")
    with pytest.raises(NotYet) as told:
        exchange.wait_answer(DEADLINE_S)
    assert told.value.finding.code == "answer-endless"
    assert "/orders/" in told.value.finding.wanted
    assert f"{MOST_BYTES:,} bytes" in told.value.finding.saw


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_a_stream_without_end_is_a_finding_too(history: History, serve: Serve, head: bytes) -> None:
    with Stream(history, serve(lambda peer: pour(peer, head)), "/orders/") as stream:
        with pytest.raises(NotYet) as told:
            stream.read_to_end(DEADLINE_S)
        assert told.value.finding.code == "answer-endless"
        assert len(stream.body) < MORE_BYTES


def test_a_large_answer_that_ends_is_read_whole(history: History, serve: Serve) -> None:
    size = MOST_BYTES - 1
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
    answer = Exchange(history, serve(lambda peer: peer.say(head + bytes(size))), "/").wait_answer(DEADLINE_S)
    assert answer is not None
    assert len(answer.body) == size


def test_a_large_answer_that_ends_too_early_is_broken(history: History, serve: Serve) -> None:
    exchange = Exchange(history, serve(lambda peer: peer.say(HEADS["of a length"] + b"begun")), "/")
    assert exchange.wait_answer(DEADLINE_S) is None
    assert isinstance(exchange.error, IncompleteRead)
    assert exchange.error.partial == b"begun"


def test_a_body_that_is_nested_too_deeply_is_no_json(history: History, serve: Serve) -> None:
    body = b"[" * 100_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    answer = Exchange(history, serve(lambda peer: peer.say(head + body)), "/").wait_answer(DEADLINE_S)
    assert answer is not None
    assert answer.json() is None
