"""The Gate's page, at a port of its own: who is held, and buttons that let one go, or all, or fail one.

    GET /            the page
    GET /state       {"held": ["report-1", ...], "arrived": 7, "left": 1, "is_open": false}
    POST /release    {"tag": "report-1", "status": 200}; without a tag: all
    POST /hold       {"is_open": false}: hold who comes; true: hold nobody

Only pages of its own may ask it for something: whoever serves another page cannot let calls go in a learner's browser.
"""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from checker.harness.gate import Gate

PAGE = Path(__file__).with_name("gate_page.html")
MOST_BYTES = 10_000
STOP_LOOK_EVERY_S = 0.1


class GatePage:
    """Serves the page until it is closed."""

    def __init__(self, gate: Gate, port: int = 0) -> None:
        """At this port, or at any that is free."""

        class Handler(_Handler):
            pass

        Handler.gate = gate
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        except OSError:  # somebody else has it
            self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(
            target=self._server.serve_forever, args=(STOP_LOOK_EVERY_S,), name="gate page", daemon=True
        ).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    gate: ClassVar[Gate]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The page, or what it shows."""
        if not self._is_own():
            self._answer(HTTPStatus.FORBIDDEN)
        elif self.path == "/":
            self._answer(HTTPStatus.OK, PAGE.read_bytes(), "text/html; charset=utf-8")
        elif self.path == "/state":
            gate = self.gate
            state = {"held": gate.held, "arrived": gate.arrived, "left": gate.left, "is_open": gate.is_open}
            self._answer(HTTPStatus.OK, json.dumps(state).encode(), "application/json")
        else:
            self._answer(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """Let go, or hold."""
        asked = self._asked()
        if not self._is_own():
            self._answer(HTTPStatus.FORBIDDEN)
        elif asked is None:
            self._answer(HTTPStatus.BAD_REQUEST)
        elif self.path == "/release":
            tag, status = asked.get("tag"), asked.get("status", 200)
            is_sound = isinstance(tag, str | None) and isinstance(status, int) and 200 <= status <= 599
            if is_sound:
                self.gate.release(tag, status=status)
            self._answer(HTTPStatus.NO_CONTENT if is_sound else HTTPStatus.BAD_REQUEST)
        elif self.path == "/hold":
            if asked.get("is_open") is True:
                self.gate.open()
            else:
                self.gate.hold()
            self._answer(HTTPStatus.NO_CONTENT)
        else:
            self._answer(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *values: Any) -> None:  # noqa: A002  # the library's name
        """Nothing: the page asks twice a second."""

    def _is_own(self) -> bool:
        own = {f"127.0.0.1:{self.server.server_port}", f"localhost:{self.server.server_port}"}  # type: ignore[attr-defined]
        origin = self.headers.get("Origin")
        return self.headers.get("Host") in own and (origin is None or origin.removeprefix("http://") in own)

    def _asked(self) -> dict[str, Any] | None:
        with suppress(ValueError, RecursionError, OSError):
            length = int(self.headers.get("Content-Length") or 0)
            if 0 <= length <= MOST_BYTES:
                body = json.loads(self.rfile.read(length) or b"{}")
                return body if isinstance(body, dict) else None
        self.close_connection = True  # what is left of such a body is no next request
        return None

    def _answer(self, status: HTTPStatus, body: bytes = b"", content_type: str = "text/plain") -> None:
        with suppress(ConnectionError):
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)
