"""A WebSocket on a plain socket, for what no library does: several frames in one segment, and never reading.

It shakes hands as any client does, and from then on sends what it is told to. What comes stays in the kernel until a
check asks for it.
"""

from __future__ import annotations

import base64
import itertools
import os
import socket
from contextlib import suppress
from types import TracebackType
from typing import Self

from checker.harness.bounds import MOST_BYTES, answer_endless
from checker.harness.events import EventKind
from checker.harness.history import History
from checker.harness.http import REQUEST_ID_HEADER
from checker.stage_1.http_vs_websocket import frames
from checker.stage_1.http_vs_websocket.frame_server import CHUNK_BYTES
from checker.stage_1.http_vs_websocket.frames import Frame

DEADLINE_S = 20.0
SMALL_WINDOW_BYTES = 4096
LARGE_WINDOW_BYTES = 1_000_000

_numbers = itertools.count(1)


class RawSocket:
    """One connection. `is_open` is false when the handshake was not answered with 101, and after the server's end."""

    def __init__(self, history: History, port: int, path: str, label: str, server: str) -> None:
        self.id = f"raw{next(_numbers)}"
        self.label = label
        self._history = history
        url = f"ws://127.0.0.1:{port}{path}"
        history.record(EventKind.SOCKET_OPENING, socket=self.id, url=url, label=label, server=server)
        self._unread = b""
        self._socket = _with_a_small_window()
        self._socket.settimeout(DEADLINE_S)
        self.is_open = self._shake_hands(port, path)
        history.record(
            EventKind.SOCKET_OPENED if self.is_open else EventKind.SOCKET_REFUSED, socket=self.id, status=None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()

    def send(self, data: bytes, told: str) -> None:
        """Send these bytes in one write; `told` is what the timeline calls them."""
        self._history.record(EventKind.SOCKET_SENT, socket=self.id, frame=told)
        with suppress(OSError):
            self._socket.sendall(data)

    def begin_to_read(self) -> None:
        """From now on there is room for what comes: a small window would take its time."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LARGE_WINDOW_BYTES)

    def frame(self, deadline_s: float) -> Frame | None:
        """The next frame; None when the connection has ended, or when nothing comes for so long."""
        self._socket.settimeout(deadline_s)
        while (frame := frames.decode(self._unread)) is None:
            try:
                data = self._socket.recv(CHUNK_BYTES)
            except TimeoutError:
                return None
            except OSError:  # reset
                data = b""
            if not data:
                self.is_open = False
                return None
            self._unread += data
            if len(self._unread) > MOST_BYTES:
                raise answer_endless(f"a frame sent to the WebSocket {self.label}", len(self._unread))
        self._unread = self._unread[frame.wire_bytes :]
        self._history.record(EventKind.SOCKET_RECEIVED, socket=self.id, frame=frame.words)
        return frame

    def cut(self) -> None:
        """End the connection. With unread bytes in the kernel, the other side sees a reset."""
        self._socket.close()
        self._history.record(EventKind.SOCKET_CLOSED, socket=self.id, code=1006, cut=True)

    def _shake_hands(self, port: int, path: str) -> bool:
        key = base64.b64encode(os.urandom(16)).decode()
        head = b""
        with suppress(OSError):
            self._socket.connect(("127.0.0.1", port))
            request = (
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{REQUEST_ID_HEADER}: {self.id}\r\n\r\n"
            )
            self._socket.sendall(request.encode())
            while b"\r\n\r\n" not in head and (data := self._socket.recv(CHUNK_BYTES)):
                head += data
                if len(head) > MOST_BYTES:
                    raise answer_endless(f"the head of the answer to {path}", len(head))
        head, _, self._unread = head.partition(b"\r\n\r\n")
        return head.startswith(b"HTTP/1.1 101 ")


def room_bytes() -> int:
    """How much a program on this machine can send to a RawSocket that does not read, before it has to wait."""
    with socket.create_server(("127.0.0.1", 0)) as listening, _with_a_small_window() as reader:
        reader.connect(listening.getsockname())
        writer, _ = listening.accept()
        total = 0
        with writer, suppress(BlockingIOError):
            writer.setblocking(False)
            while True:
                total += writer.send(bytes(CHUNK_BYTES))
    return total


def _with_a_small_window() -> socket.socket:
    connection = socket.socket()
    # Set before connect, since it is told in the handshake of TCP: little more than this waits on our side.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_WINDOW_BYTES)
    return connection
