"""The same notices three ways: polled for, waited for by long poll, pushed by WebSocket. Every byte is counted.

Raw sockets with the fewest headers there can be: what is counted is the least that each way costs.
"""

from __future__ import annotations

import base64
import json
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import h11

from checker.harness.bounds import MOST_BYTES, answer_endless
from checker.harness.events import EventKind
from checker.harness.history import History
from checker.harness.picture import Lane, Picture, Stretch
from checker.stage_1.http_vs_websocket import frames
from checker.stage_1.http_vs_websocket.frame_server import CHUNK_BYTES
from checker.stage_1.http_vs_websocket.station import COUNTER, LONG_WAIT_S, PROMPT_S, Notice, Station
from course.pictures import BarKind, Value

EMPTY_POLLS = 3


class _Connection:
    """A connection that counts its bytes, both ways."""

    def __init__(self, port: int) -> None:
        self.total_bytes = 0
        self.got: list[Notice] = []
        self.stretches: list[Stretch] = []
        self.moments: list[tuple[float, str]] = []
        self._port = port
        self.connect()

    def connect(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=PROMPT_S)

    def send(self, data: bytes) -> None:
        with suppress(OSError):
            self._socket.sendall(data)
            self.total_bytes += len(data)

    def receive(self) -> bytes:
        """What has come; nothing when the connection has ended, or no word comes before the deadline."""
        with suppress(OSError):
            data = self._socket.recv(CHUNK_BYTES)
            self.total_bytes += len(data)
            if self.total_bytes > MOST_BYTES:
                raise answer_endless("what is sent to one of the three", self.total_bytes)
            return data
        return b""

    def close(self) -> None:
        self._socket.close()


class _Poller(_Connection):
    """Polls over one connection that is kept alive."""

    def __init__(self, port: int, after: Notice) -> None:
        super().__init__(port)
        self._after = after
        self._http = h11.Connection(h11.CLIENT)
        self._asked_at = 0.0

    def ask(self, wait_s: int) -> None:
        target = f"/poll/?after={self._after['id']}&wait={wait_s}"
        self._asked_at = History.now()
        if self._http.our_state is not h11.IDLE:  # the server has closed the connection, as it may
            self.close()
            self.connect()
            self._http = h11.Connection(h11.CLIENT)
        self.send(self._http.send(h11.Request(method="GET", target=target, headers=[("Host", "127.0.0.1")])) or b"")
        self.send(self._http.send(h11.EndOfMessage()) or b"")

    def answer(self) -> None:
        """Take the answer, and what notices it brings; the next poll asks for what comes after them."""
        body = b""
        with suppress(h11.RemoteProtocolError):
            while not isinstance(event := self._http.next_event(), (h11.EndOfMessage, h11.ConnectionClosed)):
                if event is h11.NEED_DATA:
                    self._http.receive_data(self.receive())
                elif isinstance(event, h11.Data):
                    body += event.data
        self.stretches.append(Stretch(self._asked_at, History.now(), BarKind.WAITING))
        with suppress(h11.LocalProtocolError):  # who closes the connection may be the server
            self._http.start_next_cycle()
        notices = _json(body).get("notices")
        if isinstance(notices, list) and notices:
            self.got += notices
            self.moments.append((History.now(), "received"))
            self._after = notices[-1]


class _Pushed(_Connection):
    """A WebSocket on which only the server speaks."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self._buffer = b""
        started = History.now()
        key = base64.b64encode(os.urandom(16)).decode()
        self.send(
            f"GET {COUNTER} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._buffer and (data := self.receive()):
            self._buffer += data
        self._buffer = self._buffer.partition(b"\r\n\r\n")[2]
        self.handshake_bytes, self.total_bytes = self.total_bytes, 0
        self.stretches.append(Stretch(started, None, BarKind.WORKING))

    def open_until(self, now: float) -> list[Stretch]:
        """The one stretch of an open connection."""
        return [Stretch(stretch.start_s, now, stretch.kind) for stretch in self.stretches]

    def take(self) -> None:
        """The next frame."""
        while (frame := frames.decode(self._buffer)) is None and (data := self.receive()):
            self._buffer += data
        if frame is not None:
            self._buffer = self._buffer[frame.wire_bytes :]
            self.moments.append((History.now(), "received"))
            self.got.append(_json(frame.payload))


def expect_same_three_ways(station: Station, picture: Picture, texts: Sequence[str]) -> None:
    """Notify these, one after the other, to all three ways at once; draw what they cost; each must get them all."""
    server, history = station.server, station.server.run.history
    start = station.notify("three ways")
    polling, waiting, pushed = _Poller(server.port, start), _Poller(server.port, start), _Pushed(server.port)
    posted = []
    notified: list[tuple[float, str]] = []
    asked_at = history.now()
    waiting.ask(LONG_WAIT_S)
    history.wait_for(EventKind.APP_ENTERED, lambda e: bool(e["path"] == "/poll/"), since=asked_at, deadline_s=PROMPT_S)
    for number, text in enumerate(texts, 1):
        for _ in range(EMPTY_POLLS):
            polling.ask(0)
            polling.answer()
        notified.append((history.now(), "sent"))
        posted.append(station.notify(text))
        waiting.answer()
        if number < len(texts):
            waiting.ask(LONG_WAIT_S)  # its cursor brings what is notified before this has arrived
        pushed.take()
        polling.ask(0)
        polling.answer()
        if any(way.got != posted for way in (polling, waiting, pushed)):
            break  # what is missing now would be waited for again with each further notice
    for way in (polling, waiting, pushed):
        way.close()
    picture.lanes(
        f"{len(texts)} notices, three ways (uvicorn)",
        [
            Lane("notify", moments=notified),
            Lane("polling", polling.stretches, polling.moments, f"{len(polling.stretches)} requests"),
            Lane("long poll", waiting.stretches, waiting.moments, f"{len(waiting.stretches)} requests"),
            Lane("WebSocket", pushed.open_until(history.now()), pushed.moments, "one connection"),
        ],
    )
    picture.chart(
        "bytes on the wire for each notice delivered",
        "bytes",
        [
            _cost("polling", polling, f"{EMPTY_POLLS} empty polls before each"),
            _cost("long poll", waiting, "one request and one answer each"),
            _cost("WebSocket", pushed, f"and {pushed.handshake_bytes} bytes for the handshake, once"),
        ],
    )
    for name, way in (("polling with wait=0", polling), ("the long poll", waiting), ("the WebSocket", pushed)):
        station.expect_same(way.got, posted, f"{name} brings all {len(texts)} notices, each once and in order")


def _cost(name: str, way: _Connection, note: str) -> Value:
    return Value(name, round(way.total_bytes / max(len(way.got), 1)), note)


def _json(data: bytes) -> dict[str, Any]:
    with suppress(ValueError, RecursionError):
        value = json.loads(data)
        if isinstance(value, dict):
            return value
    return {}
