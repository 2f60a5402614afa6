"""An upstream that answers at once, but resets the connections of some, as a machine does that has just crashed."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Collection
from types import TracebackType
from typing import Self

from checker.stage_1.python_asyncio.plan import PRICES

HEAD_BYTES = 65_536
# It sees so soon that it is to end: by itself, socketserver takes half a second.
POLL_S = 0.02
# Closed with no time to linger, a connection ends with a reset instead of the usual end of the stream.
NO_LINGER = struct.pack("ii", 1, 0)


class Upstream(socketserver.ThreadingTCPServer):
    """Tells every price but those of `resets`, and keeps in `asked` who was asked for, in order."""

    daemon_threads = True

    def __init__(self, resets: Collection[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.resets = frozenset(resets)
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever, args=(POLL_S,), name="upstream", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()


class _Answer(socketserver.BaseRequestHandler):
    """One call."""

    def handle(self) -> None:
        upstream: Upstream = self.server  # type: ignore[assignment]
        connection: socket.socket = self.request
        head = b""
        while b"\r\n\r\n" not in head:
            chunk = connection.recv(HEAD_BYTES)
            if not chunk or len(head) > HEAD_BYTES:
                return
            head += chunk
        symbol = head.split(b" ", 2)[1].decode("latin-1").rsplit("/", 1)[-1]
        upstream.asked.append(symbol)
        if symbol in upstream.resets:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            connection.close()
        else:
            connection.sendall(f"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{PRICES[symbol]}".encode())
