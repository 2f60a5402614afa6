"""Many handshakes that one process meets at once: sent while it stands still, they lie before it when it goes on."""

from __future__ import annotations

import itertools
import select
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from checker.harness.events import EventKind
from checker.harness.http import REQUEST_ID_HEADER
from checker.harness.server import Server
from checker.stage_4.channel_layers.still import standing_still

ANSWERED_WITHIN_S = 15.0
READ_BYTES = 65_536

_numbers = itertools.count(1)


class Handshake:
    """One that has been sent. Whether it is let in, only `status` waits to see."""

    def __init__(self, server: Server, path: str) -> None:
        self.id = f"h{next(_numbers)}"  # what the probe calls it
        self._socket = socket.create_connection(("127.0.0.1", server.port), ANSWERED_WITHIN_S)
        server.run.history.record(EventKind.SOCKET_OPENING, socket=self.id, label=self.id, server=server.name)
        self._socket.sendall(
            (
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                f"{REQUEST_ID_HEADER}: {self.id}\r\n\r\n"
            ).encode()
        )

    @property
    def has_answer(self) -> bool:
        """Whether something of an answer is there."""
        return bool(select.select([self._socket], [], [], 0)[0])

    def status(self) -> int:
        """The status of the answer, 101 for one that was let in; 0 for none."""
        try:
            words = self._socket.recv(READ_BYTES).split(b" ", 2)
            return int(words[1])
        except (OSError, IndexError, ValueError):
            return 0

    def cut(self) -> None:
        """Drop the connection."""
        self._socket.close()


@contextmanager
def handshakes(server: Server, path: str, count: int) -> Iterator[Sequence[Handshake]]:
    """So many, sent at once."""
    with standing_still(server.pid):
        sent = [Handshake(server, path) for _ in range(count)]
    yield sent
    for one in sent:
        one.cut()
