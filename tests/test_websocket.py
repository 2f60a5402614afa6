"""A WebSocket as checks use it, against a real server of the same library."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from checker.harness.events import EventKind
from checker.harness.findings import NotYet
from checker.harness.history import History
from checker.harness.waiting import wait_until
from checker.harness.websocket import MOST_UNREAD_BYTES, WebSocket

DEADLINE_S = 20

Conversation = Callable[[ServerConnection], Awaitable[None]]


class Peer:
    """A WebSocket server on a thread of its own; `handler` holds its end of each conversation."""

    def __init__(self) -> None:
        self.handler: Conversation = _echo
        self.status: HTTPStatus | None = None
        self.headers: dict[str, str] = {}
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))
        self._thread.start()
        assert self._started.wait(DEADLINE_S)

    def stop(self) -> None:
        """Close all connections and end."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(DEADLINE_S)
        self._loop.close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"ws://127.0.0.1:{self.port}/chat"

    async def _run(self) -> None:
        self._ended = asyncio.Event()
        async with serve(self._converse, "127.0.0.1", 0, process_request=self._judge, compression=None) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            self._started.set()
            await self._ended.wait()

    async def _converse(self, connection: ServerConnection) -> None:
        await self.handler(connection)

    def _judge(self, connection: ServerConnection, request: Request) -> Response | None:
        self.headers = dict(request.headers.raw_items())
        return None if self.status is None else connection.respond(self.status, "no\n")


async def _echo(connection: ServerConnection) -> None:
    async for frame in connection:
        await connection.send(frame)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "history.jsonl", tmp_path / "probe") as history:
        yield history


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.stop()


@pytest.mark.parametrize("message", [{"op": "join", "room": "Käse"}, [1, None], "plain text", b"\x00\xff"])
def test_frames_go_to_and_fro(history: History, peer: Peer, message: object) -> None:
    connection = WebSocket(history, peer.url)
    connection.send(message)
    assert connection.receive(DEADLINE_S) == message
    connection.close()


def test_headers_are_sent_with_the_handshake(history: History, peer: Peer) -> None:
    WebSocket(history, peer.url, headers={"Cookie": "sessionid=1"}).close()
    assert peer.headers["Cookie"] == "sessionid=1"


def test_headers_of_the_handshakes_answer_are_read_in_whatever_case(history: History, peer: Peer) -> None:
    connection = WebSocket(history, peer.url)
    assert connection.headers["sec-websocket-accept"] == connection.headers["Sec-WebSocket-Accept"]
    assert connection.headers.get("X-None") is None
    connection.close()


def test_the_history_tells_of_the_whole_conversation(history: History, peer: Peer) -> None:
    connection = WebSocket(history, peer.url, label="tab 1")
    connection.send({"n": 1})
    connection.receive(DEADLINE_S)
    told = [(event.kind, event.get("frame")) for event in history.events() if event["socket"] == connection.id]
    frame = json.dumps({"n": 1})
    assert told == [
        ("socket.opening", None),
        ("socket.opened", None),
        ("socket.sent", frame),
        ("socket.received", frame),
    ]
    assert history.events(EventKind.SOCKET_OPENING)[0]["label"] == "tab 1"
    connection.close()


def test_silence_is_none_at_the_deadline_and_loses_no_frame(history: History, peer: Peer) -> None:
    connection = WebSocket(history, peer.url)
    assert connection.receive(0.05) is None
    assert connection.close_code is None
    connection.send("later")
    assert connection.receive(DEADLINE_S) == "later"
    connection.close()


def test_frames_are_collected_up_to_the_one_that_matches(history: History, peer: Peer) -> None:
    connection = WebSocket(history, peer.url)
    for number in range(5):
        connection.send(number)
    assert connection.receive_until(lambda frame: frame == 2, DEADLINE_S) == [0, 1, 2]
    assert connection.receive_until(lambda frame: frame == 99, 0.1) == [3, 4]
    connection.close()


@pytest.mark.parametrize("status", [HTTPStatus.FORBIDDEN, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.OK])
def test_a_refused_handshake_keeps_its_status(history: History, peer: Peer, status: HTTPStatus) -> None:
    peer.status = status
    connection = WebSocket(history, peer.url)
    assert connection.refused == status
    assert not connection.headers
    connection.send("into the void")
    assert connection.receive(DEADLINE_S) is None
    assert connection.wait_closed(DEADLINE_S)
    connection.cut()
    connection.close()
    assert [event["status"] for event in history.events(EventKind.SOCKET_REFUSED)] == [status]


def test_a_server_that_is_not_there_refuses_with_0(history: History) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert WebSocket(history, f"ws://127.0.0.1:{port}/").refused == 0


def test_a_server_that_hangs_up_instead_of_answering_refuses_with_0(history: History) -> None:
    def hang_up(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=hang_up, args=(listening,)).start()
        assert WebSocket(history, f"ws://127.0.0.1:{listening.getsockname()[1]}/").refused == 0


def test_the_servers_close_code_is_seen(history: History, peer: Peer) -> None:
    async def kick(connection: ServerConnection) -> None:
        await connection.close(4403, "kicked")

    peer.handler = kick
    connection = WebSocket(history, peer.url)
    assert connection.wait_closed(DEADLINE_S)
    assert connection.close_code == 4403
    assert connection.receive(DEADLINE_S) is None


def test_a_lost_connection_is_1006(history: History, peer: Peer) -> None:
    async def vanish(connection: ServerConnection) -> None:
        connection.transport.abort()

    peer.handler = vanish
    connection = WebSocket(history, peer.url)
    assert connection.wait_closed(DEADLINE_S)
    assert connection.close_code == 1006


def test_a_close_behind_many_unread_frames_is_seen(history: History, peer: Peer) -> None:
    async def flood(connection: ServerConnection) -> None:
        for number in range(200):
            await connection.send(str(number))
        await connection.close(4000)

    peer.handler = flood
    connection = WebSocket(history, peer.url)
    assert connection.wait_closed(DEADLINE_S)
    assert connection.close_code == 4000


def test_one_that_stays_open_is_not_closed_at_the_deadline(history: History, peer: Peer) -> None:
    connection = WebSocket(history, peer.url)
    assert connection.wait_closed(0.05) is False
    connection.close()


def test_closing_and_cutting_are_told_apart_by_the_server(history: History, peer: Peer) -> None:
    codes: list[int | None] = []
    ended = threading.Semaphore(0)

    async def note(connection: ServerConnection) -> None:
        await connection.wait_closed()
        codes.append(connection.close_code)
        ended.release()

    peer.handler = note
    WebSocket(history, peer.url).close()
    assert ended.acquire(timeout=DEADLINE_S)
    WebSocket(history, peer.url).cut()
    assert ended.acquire(timeout=DEADLINE_S)
    assert codes == [1000, 1006]


def test_a_proxy_of_the_learners_shell_is_not_used(
    history: History, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    connection = WebSocket(history, peer.url)
    assert connection.refused is None
    connection.close()


def test_a_long_frame_is_cut_short_in_the_history_only(history: History, peer: Peer) -> None:
    connection = WebSocket(history, peer.url)
    connection.send("x" * 10_000)
    assert connection.receive(DEADLINE_S) == "x" * 10_000
    assert all(len(event["frame"]) < 300 for event in history.events(EventKind.SOCKET_SENT, EventKind.SOCKET_RECEIVED))
    connection.close()


def test_frames_without_end_that_nobody_reads_end_as_a_finding(history: History, peer: Peer) -> None:
    frame = b"x" * 1_000_000

    async def pour(connection: ServerConnection) -> None:
        for _ in range(2 * MOST_UNREAD_BYTES // len(frame)):
            await connection.send(frame)

    peer.handler = pour
    connection = WebSocket(history, peer.url, label="ann")
    wait_until(lambda: connection.close_code is not None, DEADLINE_S)
    with pytest.raises(NotYet) as told:
        connection.receive(DEADLINE_S)
    assert told.value.finding.code == "answer-endless"
    assert "ann" in told.value.finding.wanted


def test_frames_that_come_before_a_close_are_read_after_it(history: History, peer: Peer) -> None:
    async def speak(connection: ServerConnection) -> None:
        for number in range(100):
            await connection.send(json.dumps(number))
        await connection.close(4001)

    peer.handler = speak
    connection = WebSocket(history, peer.url)
    wait_until(lambda: connection.close_code is not None, DEADLINE_S)
    assert connection.close_code == 4001
    assert [connection.receive(DEADLINE_S) for _ in range(100)] == [*range(100)]
    assert connection.receive(DEADLINE_S) is None
    assert connection.receive(DEADLINE_S) is None
