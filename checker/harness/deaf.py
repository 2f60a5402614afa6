"""A client that reads nothing: what is sent to it piles up, until a send in the server has to wait.

So it is certain that the server is in the middle of a send when this client is cut off.
"""

from __future__ import annotations

import itertools
import json
import socket
from collections.abc import Mapping
from typing import Any

from websockets.client import ClientProtocol
from websockets.protocol import State
from websockets.uri import parse_uri

from checker.harness.bounds import MOST_BYTES, answer_endless
from checker.harness.events import EventKind
from checker.harness.history import History
from checker.harness.http import REQUEST_ID_HEADER
from checker.harness.server import Server

ANSWERED_WITHIN_S = 10.0
# As small as the system allows: what has room here, the server need not wait for.
RECEIVE_BUFFER_BYTES = 4096
READ_BYTES = 65_536

_numbers = itertools.count(1)


class DeafClient:
    """One socket. It has asked to be let in; whether it is, only `ask` waits to see."""

    def __init__(
        self, history: History, server: Server, path: str, *, label: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """`label` is what pictures call it."""
        self.id = f"d{next(_numbers)}"  # what the probe calls it
        self.label = label
        self._history = history
        self._protocol = ClientProtocol(parse_uri(f"ws://127.0.0.1:{server.port}{path}"))
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        self._socket.settimeout(ANSWERED_WITHIN_S)
        self._socket.connect(("127.0.0.1", server.port))
        request = self._protocol.connect()
        for name, value in {**(headers or {}), REQUEST_ID_HEADER: self.id}.items():
            request.headers[name] = value
        history.record(EventKind.SOCKET_OPENING, socket=self.id, label=label, server=server.name)
        self._protocol.send_request(request)
        self._flush()

    def ask(self, frame: Mapping[str, Any], word: str) -> bool:
        """Be let in, send this as JSON, and read as far as an answer with this word; False when that does not come."""
        if not self._read_until(b"\r\n\r\n"):
            return False
        self._protocol.send_text(json.dumps(frame).encode())
        self._flush()
        return self._read_until(word.encode())

    def cut(self) -> None:
        """Drop the connection; what has come and was not read tells the other side so at once."""
        self._socket.close()
        self._history.record(EventKind.SOCKET_CLOSED, socket=self.id, code=1006, cut=True)

    def _flush(self) -> None:
        self._socket.sendall(b"".join(self._protocol.data_to_send()))

    def _read_until(self, word: bytes) -> bool:
        got = b""
        while word not in got:
            try:
                read = self._socket.recv(READ_BYTES)
            except OSError:
                return False
            if not read:
                return False
            got += read
            if len(got) > MOST_BYTES:
                raise answer_endless(f"what is sent to {self.label}", len(got))
            self._protocol.receive_data(read)
        return self._protocol.state is State.OPEN
