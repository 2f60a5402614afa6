"""One conversation between the learner's client and the frame server, and what each step of it should have been."""

from __future__ import annotations

import base64
import binascii
import json
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from checker.harness import starters
from checker.harness.findings import fail
from checker.harness.picture import Picture
from checker.stage_1.http_vs_websocket import frames
from checker.stage_1.http_vs_websocket.frame_server import FrameServer, Peer, Request
from checker.stage_1.http_vs_websocket.frames import Frame

TARGET = "/ws/counter/?who=ada"
STEP_DEADLINE_S = 10.0
LAST_WORDS_S = 2.0
CRASH_S = 0.3
MOST_CHARACTERS = 160
KEY_BYTES = 16


class Talk:
    """The client runs, has connected, and has sent its request. Every step ends the check when it goes wrong."""

    def __init__(
        self, program: starters.Program, server: FrameServer, *messages: str, count: int | None = None
    ) -> None:
        self._history = server.history
        server.forget()
        options = [] if count is None else ["--count", str(count)]
        url = f"ws://127.0.0.1:{server.port}{TARGET}"
        command = [sys.executable, "-m", "wire.client", *options, url, *messages]
        self.client = program(command, name="wire.client")
        self._shown_lines = 0
        self._has_closed = False
        wanted = "`python -m wire.client URL` connects and sends the head of a GET request"
        peer = server.peer(STEP_DEADLINE_S)
        if peer is None:
            self._crash(wanted)
            fail("bad-upgrade-request", wanted=wanted, saw=f"nobody connected; {self._state()}")
        self.peer: Peer = peer
        request = peer.wait_request(STEP_DEADLINE_S)
        if request is None:
            self.fail("bad-upgrade-request", wanted, f"{peer.recorded[:MOST_CHARACTERS]!r}, and no blank line")
        self.request: Request = request

    @property
    def key(self) -> str:
        """The client's Sec-WebSocket-Key."""
        return self.request.header("Sec-WebSocket-Key")

    def expect_upgrade(self) -> None:
        """The request asks for a WebSocket, as RFC 6455 section 4.1 wants it."""
        request = self.request
        needed = {
            "Host": (request.header("Host") != "", "host:port"),
            "Upgrade": (request.has_word("Upgrade", "websocket"), "websocket"),
            "Connection": (request.has_word("Connection", "upgrade"), "Upgrade"),
            "Sec-WebSocket-Version": (request.header("Sec-WebSocket-Version") == "13", "13"),
            "Sec-WebSocket-Key": (_is_key(self.key), "16 bytes in base64"),
        }
        if request.line != f"GET {TARGET} HTTP/1.1":
            self.fail("bad-upgrade-request", f"the request line GET {TARGET} HTTP/1.1", repr(request.line))
        for name, (is_right, value) in needed.items():
            if not is_right:
                saw = f"{name}: {request.header(name)}" if request.header(name) else f"no {name}"
                self.fail("bad-upgrade-request", f"the request has the header {name}: {value}", saw)

    def accept(self, *, and_send: bytes = b"") -> None:
        """Answer the handshake as it should be answered."""
        self.peer.accept(self.key, and_send=and_send)

    def expect_frame(self, opcode: int, payload: bytes, wanted: str, code: str) -> Frame:
        """The client's next frame, masked and whole, of this kind and payload."""
        frame = self.peer.wait_frame(STEP_DEADLINE_S)
        if frame is None:
            if self.client.wait(LAST_WORDS_S if self.peer.wait_gone(0) else 0) == 1:
                self.fail("good-answer-refused", wanted, f"the client left after a good answer: {self._last_error()}")
            expected = Frame(opcode, payload)
            Picture(self._history).missing(self.peer, expected.words)
            self.fail(code, wanted, f"no frame came; {self._state()}")
        if frame.mask is None:
            self.fail("unmasked-frame", f"{wanted}, masked", str(frame))
        if (frame.opcode, frame.payload, frame.is_final, frame.reserved) != (opcode, payload, True, 0):
            self.fail(code, wanted, str(frame))
        return frame

    def expect_close(self, code: int | None, wanted: str, finding: str) -> None:
        """The client's next frame is a close frame with this code (None: with none), masked."""
        frame = self.peer.wait_frame(STEP_DEADLINE_S)
        if frame is None:
            Picture(self._history).missing(self.peer, "close" if code is None else f"close {code}")
            self.fail(finding, wanted, f"no close frame came; {self._state()}")
        if frame.mask is None:
            self.fail("unmasked-frame", f"{wanted}, masked", str(frame))
        if frame.opcode != frames.CLOSE or frame.close_code != code:
            told = f" with the code {frame.close_code}" if frame.opcode == frames.CLOSE else ""
            self.fail(finding, wanted, f"{frame}{told}")
        self._has_closed = True

    def expect_line(self, wanted: str, code: str, **fields: Any) -> None:
        """The client's next line on stdout is a JSON object with these fields."""
        number = self._shown_lines
        if not self.client.wait_for(lambda client: len(client.lines) > number, STEP_DEADLINE_S):
            self.fail(code, wanted, f"the client printed nothing more; {self._state()}")
        line = self.client.lines[number]
        self._shown_lines += 1
        if not fields.items() <= (_object(line) or {}).items():
            saw = line if len(line) <= MOST_CHARACTERS else f"{line[:MOST_CHARACTERS]}... ({len(line)} characters)"
            self.fail(code, wanted, f"it printed {saw}")

    def expect_end(self, returncode: int, wanted: str, code: str) -> None:
        """The client ends with this exit code, and has printed nothing more."""
        seen = self.client.wait(STEP_DEADLINE_S)
        if seen != returncode:
            self.fail(code, f"{wanted}, and ends with exit code {returncode}", self._state())
        if more := self.client.lines[self._shown_lines :]:
            self.fail(code, f"{wanted}, and prints nothing more", f"it printed {more[0][:MOST_CHARACTERS]}")
        if self._has_closed and self.peer.wait_gone(STEP_DEADLINE_S) and (frame := self.peer.wait_frame(0)) is not None:
            self.fail("sent-after-close", "nothing leaves after the client's close frame", str(frame))

    def fail(self, code: str, wanted: str, saw: str) -> NoReturn:
        """End the check: with the client's own error when it has crashed, else with this finding."""
        self._crash(wanted)
        fail(code, wanted=wanted, saw=saw)

    def _crash(self, wanted: str) -> None:
        # A crash is seen first by its lost connection; a moment later the error is there to be read.
        self.client.wait(CRASH_S)
        if "Traceback (most recent call last)" in self.client.errors or "SyntaxError" in self.client.errors:
            self.client.wait(LAST_WORDS_S)
            raise self.client.crashed(wanted)

    def _state(self) -> str:
        returncode = self.client.wait(CRASH_S)
        shown = self.client.lines[self._shown_lines :]
        instead = f", and has shown {shown[0][:MOST_CHARACTERS]}" if shown else ""
        if returncode is None:
            return f"the client still runs{instead}"
        error = self._last_error()
        return f"the client ended with exit code {returncode}{instead}" + (f", saying: {error}" if error else "")

    def _last_error(self) -> str:
        return next(iter(self.client.process.log.last_lines(1)), "")[:MOST_CHARACTERS]


Begin = Callable[..., Talk]  # the fixture `begin`: a Talk of the client run on these messages


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
