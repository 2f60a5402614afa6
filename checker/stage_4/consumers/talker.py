"""One socket of a check: what it sends, and what it must get. Every frame is waited for, none for a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from checker.harness.findings import fail
from checker.harness.idle import Rest
from checker.harness.server import Server
from checker.harness.waiting import wait_until
from checker.harness.websocket import WebSocket
from checker.stage_4.consumers import places, trouble

Frame = Mapping[str, Any]

# Only failing solutions wait so long, and no longer than until the server has rested for a while.
PATIENCE_S = 10.0
LOOK_EVERY_S = 0.005
LOOK_S = 0.02
BRIEFLY_S = 0.002
SHOWN_CHARACTERS = 90
# What a silence, or a push that lives on, comes after.
AFTER = {"tick": "after another `tick`", "stop": "after `stop`"}
SILENT, CRASHED = "no-reply", "consumer-crashed"


class Talker:
    """An open socket. Its frames come in order; one that is not the expected one ends the check."""

    def __init__(self, server: Server, socket: WebSocket, path: str, name: str) -> None:
        self.server = server
        self.socket = socket
        self.path = path
        self.name = f"{name} at {path} of {server.name}"
        self.id = socket.id  # what the probe calls it
        self.instead: Any = None
        self._op = ""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more can come: it is closed, or its consumer has raised."""
        return self.socket.close_code is not None or trouble.error(self.server, self.id) is not None

    def send(self, frame: Any) -> None:
        """Send it; see WebSocket."""
        self._op = str(frame.get("op")) if isinstance(frame, Mapping) else ""
        self.socket.send(frame)

    def expect_answer(
        self, frame: Any, answer: Frame, *, meanwhile: str = "", code: str = SILENT, crash: str = CRASHED
    ) -> None:
        """Send this, and get that next: all of its keys with these values, or of these types; more do no harm."""
        self.send(frame)
        self.expect(answer, f"sends {shown(frame)}{meanwhile}", code=code, crash=crash)

    def expect(self, answer: Frame, situation: str, *, code: str = SILENT, crash: str = CRASHED) -> None:
        """The next frame is this one. `code` is for silence, `crash` for a socket that ends instead."""
        wanted = f"{self.name} {situation} and is told {shown(answer)}"
        frame = self.expect_any(wanted, code=code, crash=crash)
        if not matches(frame, answer):
            self.fail_as_differing(frame, answer, wanted)

    def expect_any(self, wanted: str, *, code: str = SILENT, crash: str = CRASHED) -> Any:
        """The next frame, whatever it is."""
        frames = self.wait_frame()
        if not frames:
            self._fail_as_silent(wanted, code, crash)
        return frames[0]

    def wait_frame(self) -> list[Any]:
        """The next frame, as the only one of a list; an empty list when there is none to come."""
        rest = Rest(self.server.process)

        def come() -> list[Any] | bool:
            if (frame := self.socket.receive(LOOK_S)) is not None:
                return [frame]
            return self.has_ended or trouble.stall(self.server) is not None

        came = wait_until(come, PATIENCE_S, unless_ended=rest, every_s=LOOK_EVERY_S)
        return came if isinstance(came, list) else []

    def is_told_instead(self) -> bool:
        """Whether a frame has come where the exchange should have been asked; kept in `instead`."""
        if self.instead is None:
            self.instead = self.socket.receive(BRIEFLY_S)
        return self.instead is not None

    def fail_as_differing(self, frame: Any, answer: Frame, wanted: str) -> NoReturn:
        """The finding for a frame that is another one."""
        keys = [key for key in answer if key not in ("id", "error")]
        where = places.answer(self.server, keys) or places.told(self.server, frame)
        fail("answer-differs", wanted=wanted, saw=f"it was {shown(frame)}", where=where, facts={"path": self.path})

    def fail_as_told_instead(self, wanted: str) -> NoReturn:
        """The finding for a frame that came where the exchange should have been asked."""
        where = places.told(self.server, self.instead) or places.handler(self.server, self.path)
        saw = f"it was not; the client was told {shown(self.instead)}"
        fail("answer-differs", wanted=wanted, saw=saw, where=where, facts={"path": self.path})

    def _fail_as_silent(self, wanted: str, code: str, crash: str) -> NoReturn:
        trouble.judge(self.server, self, wanted, code=crash)
        if self.socket.close_code is not None:
            trouble.judge_cancelled(self.server, wanted)
            saw = f"no frame came: the socket was closed ({self.socket.close_code})"
            where = places.line(self.server, r"\.close\(")
            fail(crash, wanted=wanted, saw=saw, where=where, facts={"path": self.path})
        saw = "no frame came, and the server rests; the socket is open"
        if code in ("one-thread", "legacy-thread"):
            saw = "no frame came, though the event loop is free; the price still waits at the exchange"
        trouble.judge_never_awaited(self.server, wanted, saw)
        after = AFTER.get(self._op, "")
        where = places.silence(self.server, code, self.path, after)
        fail(code, wanted=wanted, saw=saw, where=where, facts={"path": self.path, "after": after})


def matches(frame: Any, answer: Frame) -> bool:
    """Whether the frame has all that the answer has; a type stands for any value of it."""
    return isinstance(frame, Mapping) and all(
        key in frame and (isinstance(frame[key], value) if isinstance(value, type) else _same(frame[key], value))
        for key, value in answer.items()
    )


def shown(frame: Any) -> str:
    """A frame as a finding shows it."""
    if isinstance(frame, Mapping):
        pairs = (f"{json.dumps(key)}: {'...' if isinstance(v, type) else _short(v)}" for key, v in frame.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(frame, bytes):
        return f"the binary frame {_cut(repr(frame))}{_size(frame)}"
    return f"the text {_cut(repr(frame))}{_size(frame)}" if isinstance(frame, str) else _short(frame)


def _same(value: Any, wanted: Any) -> bool:
    return type(value) is type(wanted) and bool(value == wanted)


def _short(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=False))


def _size(frame: str | bytes) -> str:
    if len(frame) <= SHOWN_CHARACTERS:
        return ""
    return f" ({len(frame)} {'bytes' if isinstance(frame, bytes) else 'characters'})"


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"
