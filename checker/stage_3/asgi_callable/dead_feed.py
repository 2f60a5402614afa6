"""A feed that opens for nobody: one that says why, and one that is not there at all."""

from __future__ import annotations

import errno
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self


class RefusingFeed:
    """Answers each call with 503 and this reason, which the given feed.py raises as FeedDown."""

    def __init__(self, reason: str) -> None:
        class Refuse(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(503)
                self.end_headers()
                self.wfile.write(reason.encode())

            def log_message(self, *_: object) -> None:
                """The history has what matters."""

        self.reason = reason
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Refuse)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class MissingFeed:
    """A port that is taken and at which nobody listens: each connection is refused, which is an OSError."""

    def __init__(self) -> None:
        self._taken = socket.socket()
        self._taken.bind(("127.0.0.1", 0))
        port = self._taken.getsockname()[1]
        # asyncio's words are "[Errno 111] Connect call failed ('127.0.0.1', 5555)"; uvloop's have no address.
        self.reason = f"[Errno {errno.ECONNREFUSED}]"
        self.url = f"http://127.0.0.1:{port}"

    def close(self) -> None:
        """Let others have the port."""
        self._taken.close()
