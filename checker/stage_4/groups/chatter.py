"""One socket of the chat checks: it joins, says, asks, and listens.

Ordering holds without waiting: an acknowledged message is in Valkey, so whatever is said after the acknowledgement
arrives after it. A socket that hears the later one and not the earlier has missed it for good.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from typing import Any, NoReturn, Protocol

from checker.harness.server import Server
from checker.harness.websocket import WebSocket
from checker.stage_4.groups import places
from checker.stage_4.groups.chat import pulse_s
from checker.stage_4.groups.frames import Frame, shown_frame
from course.model import Fact, SourceLine

FRAME_WITHIN_S = 10.0
# From this silence on it counts how fast the process answers others: one that is quick has nothing more to bring.
QUIET_S = 3.0
SLACK_IN_PULSES = 50


class Judge(Protocol):
    """Ends the check. An error inside the project says more than what a client saw of it, so that goes first."""

    def fail(self, code: str, *, wanted: str, saw: str, where: SourceLine | None = None, **facts: Fact) -> NoReturn:
        """Never returns."""

    def miss(self, listener: Chatter, frames: Sequence[Frame]) -> None:
        """Draws that this socket never heard them."""


class Chatter:
    """One socket of one user, in one process."""

    def __init__(self, judge: Judge, server: Server, user: str, place: str) -> None:
        self.user = user
        self.server = server
        self.name = f"{user} in {place}"
        self._judge = judge
        self._project = server.run.project
        self._unread: list[Frame] = []
        self._silent_s = 0.0
        self.socket: WebSocket = server.expect_websocket(f"/ws/?user={user}", label=user)
        self.id = self.socket.id  # what the probe calls it

    def join(self, room: str) -> None:
        """Join, and wait for `joined`."""
        self.ask({"op": "join", "room": room}, "joined")

    def leave(self, room: str) -> None:
        """Leave, and wait for `left`."""
        self.ask({"op": "leave", "room": room}, "left")

    def say(self, room: str, text: str) -> None:
        """Say it, and wait for the acknowledgement."""
        self.ask({"op": "say", "room": room, "text": text}, "said")

    def ask_who(self, room: str) -> list[str]:
        """The answer's users."""
        return self.expect_users({"op": "who", "room": room}, self.ask({"op": "who", "room": room}, "who"))

    def ask_who_of_all(self, rooms: list[str]) -> dict[str, list[str]]:
        """The same of many rooms, asked at once."""
        for room in rooms:
            self.socket.send({"op": "who", "room": room})
        told: dict[str, list[str]] = {}
        for room in rooms:
            frame = {"op": "who", "room": room}
            answer = self.expect_reply(frame, self._answer("who"), "who")
            told[str(answer["who"])] = self.expect_users(frame, answer)
        return told

    def expect_users(self, frame: Frame, answer: Frame) -> list[str]:
        """The `users` of an answer to `who`; without a list of texts there the check ends."""
        users = answer.get("users")
        if not isinstance(users, list) or not all(isinstance(user, str) for user in users):
            self._judge.fail(
                "answer-differs",
                wanted=f'{self.name} sends {shown_frame(frame)} and is answered with {{"who": ..., "users": [names]}}',
                saw=f"no list of names in it: {shown_frame(answer)}",
                where=places.answer(self._project, "who"),
            )
        return list(answer["users"])

    def ask(self, frame: Frame, *keys: str) -> Frame:
        """The first frame with one of these keys, which must tell the room asked for; anything else ends the check."""
        answer = self.expect_reply(frame, self.wait_answer_to(frame, *keys), *keys)
        if any(answer[key] != frame["room"] for key in keys if key in answer and key != "error"):
            self._judge.fail(
                "answer-differs",
                wanted=f"{self.name} sends {shown_frame(frame)} and the answer names that room, to the letter",
                saw=f"the answer was {shown_frame(answer)}",
                where=places.answer(self._project, keys[0]),
            )
        return answer

    def wait_answer_to(self, frame: Frame, *keys: str) -> Frame | None:
        """The first frame with one of these keys or an error. Messages before it are kept for `wait_heard`."""
        self.socket.send(frame)
        return self._answer(*keys)

    def wait_heard(self, text: str, within_s: float = FRAME_WITHIN_S) -> list[Frame]:
        """The messages and notices up to and with the one of this text; all there were when it does not come."""
        heard: list[Frame] = []
        while (frame := self._next(within_s)) is not None:
            heard.append(frame)
            if text in (frame.get("text"), frame.get("notice")):
                break
        return heard

    def wait_answered(self, seconds: float, key: str) -> bool:
        """Whether the answer to what was sent is there, or comes within so long; it is kept."""
        for frame in self._unread:
            if key in frame:
                return True
        while isinstance(frame := self.socket.receive(seconds), dict):
            self._unread.append(frame)
            if key in frame:
                return True
        return False

    def wait_closed(self) -> bool:
        """Whether the server closes it; what comes before is dropped."""
        while self._next() is not None:
            pass
        return self.socket.close_code is not None

    def expect_answer(self, frame: Frame, key: str) -> None:
        """The answer to what was sent before, as `ask`."""
        self.expect_reply(frame, self._answer(key), key)

    def expect_reply(self, frame: Frame, answer: Frame | None, *keys: str) -> Frame:
        """An answer to this frame, as `wait_answer_to` has it, has one of these keys, or the check ends."""
        if answer is None or answer.keys().isdisjoint(keys):
            if answer is None:
                self._judge.miss(self, [{keys[0]: frame["room"]}])
            is_refused = answer is not None and frame["op"] == "say"
            has_joined = ", having joined the room," if is_refused else ""
            shared = places.shared_by_sockets(self._project) if is_refused else None
            code = "no-reply" if answer is None else "member-refused" if is_refused else "answer-differs"
            self._judge.fail(
                code,
                wanted=f'{self.name}{has_joined} sends {shown_frame(frame)} and is answered with {{"{keys[0]}": ...}}',
                saw=(f"the answer was {shown_frame(answer)}" if answer else self.silence) + places.told(shared),
                where=shared or places.error_told(self._project, answer or {}),
                user=self.user,
                key=keys[0],
            )
        return answer or {}

    def vanish(self, *frames: Frame) -> None:
        """Send these and be cut off, all of it while the process stands still: it finds both at once."""
        os.kill(self.server.pid, signal.SIGSTOP)
        try:
            for frame in frames:
                self.socket.send(frame)
            self.socket.cut()
            self.socket.wait_closed()
        finally:
            os.kill(self.server.pid, signal.SIGCONT)

    @property
    def silence(self) -> str:
        """Why there is no frame."""
        code = self.socket.close_code
        if code is None:
            return f"{self.name} got no frame for {self._silent_s:.0f} s; its socket is open"
        return f"the socket of {self.name} was closed ({code})"

    def _answer(self, *keys: str) -> Frame | None:
        skipped: list[Frame] = []
        answer = self._next()
        while answer is not None and answer.keys().isdisjoint({*keys, "error"}):
            skipped.append(answer)
            answer = self._next()
        self._unread = skipped + self._unread
        return answer

    def _next(self, within_s: float = FRAME_WITHIN_S) -> Frame | None:
        if self._unread:
            return self._unread.pop(0)
        frame = self._receive(within_s)
        return frame if frame is None or isinstance(frame, dict) else {"unexpected": frame}

    def _receive(self, within_s: float) -> Any:
        self._silent_s = min(within_s, QUIET_S)
        frame = self.socket.receive(self._silent_s)
        if frame is None and self.socket.close_code is None and within_s > QUIET_S:
            left_s = within_s - QUIET_S
            more_s = min(left_s, SLACK_IN_PULSES * pulse_s(self.server, left_s))
            self._silent_s += more_s
            frame = self.socket.receive(more_s)
        return frame
