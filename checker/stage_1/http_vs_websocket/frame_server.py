"""A WebSocket server of frames: it records every byte that a client sends, and sends exactly what a check tells it to.

It never answers by itself, not even a ping. Reading goes on in a thread for each connection, so no client ever blocks.
"""

from __future__ import annotations

import queue
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from checker.harness.bounds import MOST_BYTES, output_endless
from checker.harness.events import EventKind
from checker.harness.history import History
from checker.stage_1.http_vs_websocket import frames
from checker.stage_1.http_vs_websocket.frames import Frame

CLIENT_DEADLINE_S = 10.0
CHUNK_BYTES = 65_536
BACKLOG = 16
# Linux keeps an acknowledgement back for 40 ms, and a client that has not set TCP_NODELAY its second frame until then.
# To be asked for again with each piece (tcp(7)).
QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)


class FrameServer:
    """Listens on loopback; each connection is a Peer, handed out in order of arrival."""

    def __init__(self, history: History) -> None:
        self.history = history
        self._peers: list[Peer] = []
        self._arrived: queue.Queue[Peer] = queue.Queue()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, name="frame server", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # accept() in another thread is woken by a shutdown, not by a close.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(timeout=5)
        for peer in self._peers:
            peer.drop()

    def peer(self, deadline_s: float) -> Peer | None:
        """The next connection; None when nobody comes before the deadline."""
        with suppress(queue.Empty):
            return self._arrived.get(timeout=deadline_s)
        return None

    def forget(self) -> None:
        """Drop the connections that no check has asked for."""
        while (peer := self.peer(0.0)) is not None:
            peer.drop()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                peer = Peer(self.history, connection, len(self._peers) + 1)
                self._peers.append(peer)
                self._arrived.put(peer)


class Peer:
    """One client, as the server sees it: its request, its frames, its end."""

    def __init__(self, history: History, connection: socket.socket, number: int) -> None:
        self.id = f"peer{number}"  # what the history calls it, which tells all from the client's side
        self.recorded = b""  # every byte, from the request's first on
        self._history = history
        history.record(EventKind.SOCKET_OPENING, socket=self.id, label="client", server="server")
        self._socket = connection
        self._looked_at = 0
        self._ended = False
        self._is_endless = False
        self._changed = threading.Condition()
        threading.Thread(target=self._read, name=self.id, daemon=True).start()

    # --- what came ---

    def wait_request(self, deadline_s: float = CLIENT_DEADLINE_S) -> Request | None:
        """The head of the request; None when it is not whole before the deadline or the connection's end."""
        with self._changed:
            self._changed.wait_for(lambda: b"\r\n\r\n" in self.recorded or self._ended, deadline_s)
            self._expect_bounded()
            head, separator, _ = self.recorded.partition(b"\r\n\r\n")
            if not separator:
                return None
            self._looked_at = len(head) + len(separator)
        return Request(head)

    def wait_frame(self, deadline_s: float = CLIENT_DEADLINE_S) -> Frame | None:
        """The next frame; None when none comes whole before the deadline or the connection's end."""
        with self._changed:
            self._changed.wait_for(lambda: self._next() is not None or self._ended, deadline_s)
            self._expect_bounded()
            frame = self._next()
            if frame is not None:
                self._looked_at += frame.wire_bytes
        if frame is not None:
            words = frame.words if frame.mask is not None else f"{frame.words}, not masked"
            self._history.record(EventKind.SOCKET_SENT, socket=self.id, frame=words)
        return frame

    @property
    def unread(self) -> bytes:
        """What came and was not looked at yet."""
        with self._changed:
            return self.recorded[self._looked_at :]

    def wait_gone(self, deadline_s: float = CLIENT_DEADLINE_S) -> bool:
        """True as soon as the client has ended the connection."""
        with self._changed:
            return self._changed.wait_for(lambda: self._ended, deadline_s)

    # --- what goes ---

    def accept(self, key: str, *, and_send: bytes = b"") -> None:
        """Answer 101. `and_send` leaves in the same write: a client's first read may well hold its first frame."""
        # As Daphne writes it: names and `WebSocket` are compared without regard to case.
        head = (
            "HTTP/1.1 101 Switching Protocols\r\nServer: frames\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {frames.accept_of(key)}\r\n\r\n"
        )
        self.send(head.encode() + and_send)

    def send(self, data: bytes) -> None:
        """Send these bytes; nothing happens when the client has left."""
        head, _, sent = data.rpartition(b"\r\n\r\n") if data.startswith(b"HTTP/") else (b"", b"", data)
        answer = [head.split(b"\r\n")[0].decode("latin-1")] if head else []
        for words in answer + frames.told(sent):
            self._history.record(EventKind.SOCKET_RECEIVED, socket=self.id, frame=words)
        with suppress(OSError):
            self._socket.sendall(data)

    def end(self) -> None:
        """End the connection as a server does whose process ends: without a word."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def drop(self) -> None:
        """Give the connection up."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _next(self) -> Frame | None:
        return frames.decode(self.recorded[self._looked_at :])

    def _expect_bounded(self) -> None:
        if self._is_endless:
            raise output_endless("what your client sends", len(self.recorded))

    def _read(self) -> None:
        with suppress(OSError):
            while not self._is_endless and (chunk := self._socket.recv(CHUNK_BYTES)):
                if QUICK_ACK is not None:
                    self._socket.setsockopt(socket.IPPROTO_TCP, QUICK_ACK, 1)
                with self._changed:
                    self.recorded += chunk
                    self._is_endless = len(self.recorded) > MOST_BYTES
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


class Request:
    """The head of a client's request."""

    def __init__(self, head: bytes) -> None:
        lines = head.decode("latin-1").split("\r\n")
        self.line = lines[0]
        parts = [line.partition(":") for line in lines[1:]]
        self.pairs = [(name.strip().lower(), value.strip()) for name, _, value in parts]

    def header(self, name: str) -> str:
        """Its value, or "" when it is missing; several of one name are joined with commas."""
        return ", ".join(value for key, value in self.pairs if key == name.lower())

    def has_word(self, name: str, word: str) -> bool:
        """Whether the header's comma-separated list holds this word, in whatever case."""
        return word in [part.strip().lower() for part in self.header(name).split(",")]
