"""One socket of the chat checks: it says, and it listens.

A room's messages have one order, so a later one that has come tells that an earlier one never will.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from checker.harness.server import Server
from checker.harness.websocket import WebSocket
from checker.milestones.chat_app.chat import PATIENCE_S, Chat, more_patience_s

Frame = dict[str, Any]
SHOWN_CHARACTERS = 40
AT_ONCE_S = 0.01

_keys = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Said:
    """A message that was acknowledged."""

    id: int
    author: str
    text: str

    @property
    def frame(self) -> Frame:
        """As all in the room hear it."""
        return {"id": self.id, "from": self.author, "text": self.text}


class Talker:
    """One socket of one user in one room. What comes is kept: answers in `answers`, messages in `heard`."""

    def __init__(self, chat: Chat, server: Server, user: str, room: str, after: int | None = None) -> None:
        self.user = user
        self.room = room
        self.server = server
        self.name = f"{user} {chat.place(server)}"
        self.answers: list[Frame] = []
        self.heard: list[Frame] = []
        query = urlencode({"room": room, **({} if after is None else {"after": after})})
        self.socket: WebSocket = server.websocket(f"/ws/?{query}", label=user, headers={"Cookie": chat.cookie(user)})
        self.id = self.socket.id

    def send(self, text: str, key: str | None = None, **more: Any) -> str:
        """Send a frame; the id by which its answer is known."""
        key = key or f"{self.user}-{next(_keys)}"
        self.socket.send({"id": key, "text": text, **more})
        return key

    def wait_answer(self, key: str, within_s: float | None = None) -> Frame | None:
        """The answer to the frame with this id, which is taken; None when it does not come."""

        def found() -> Frame | None:
            return next((each for each in self.answers if key in (each.get("ack"), each.get("for"))), None)

        answer: Frame | None = self._wait(found, within_s)
        if answer is not None:
            self.answers.remove(answer)
        return answer

    def has_answer(self, key: str, within_s: float) -> bool:
        """Whether the answer to the frame with this id is there, or comes within so long; it is left to be taken."""
        return bool(self._wait(lambda: any(key in (e.get("ack"), e.get("for")) for e in self.answers), within_s))

    def wait_any_answer(self, within_s: float | None = None) -> Frame | None:
        """The first answer that was not taken yet, which is taken."""
        answer: Frame | None = self._wait(lambda: self.answers[0] if self.answers else None, within_s)
        if answer is not None:
            self.answers.remove(answer)
        return answer

    def wait_heard(self, text: str, within_s: float | None = None) -> bool:
        """Whether a message of this text has come, or comes."""
        return bool(self._wait(lambda: any(each.get("text") == text for each in self.heard), within_s))

    def wait_count(self, count: int, within_s: float | None = None) -> bool:
        """Whether so many messages have come; each that comes is given as long again."""
        while len(self.heard) < count:
            more = len(self.heard) + 1
            if not self._wait(partial(self._has_heard, more), within_s):
                return False
        return True

    def take_in(self) -> None:
        """What has come by now."""
        while self._take(AT_ONCE_S):
            pass

    @property
    def silence(self) -> str:
        """Why there is nothing more."""
        code = self.socket.close_code
        return "its socket is open" if code is None else f"its socket was closed ({code})"

    def _has_heard(self, count: int) -> bool:
        return len(self.heard) >= count

    def _wait(self, condition: Callable[[], Any], within_s: float | None) -> Any:
        is_patient = within_s is None
        while not (got := condition()):
            if not self._take(PATIENCE_S if within_s is None else within_s):
                if not is_patient or not self._take(more_patience_s()):
                    break
                is_patient = False
        return got

    def _take(self, within_s: float) -> bool:
        frame = self.socket.receive(within_s)
        if frame is None:
            return False
        is_answer = not isinstance(frame, dict) or "ack" in frame or "error" in frame
        (self.answers if is_answer else self.heard).append(frame if isinstance(frame, dict) else {"unexpected": frame})
        return True


def shown(frames: Sequence[Frame]) -> str:
    """Frames as a finding shows them."""
    return ", ".join(_shown(frame) for frame in frames) or "nothing"


def short(text: str) -> str:
    """A text as a finding shows it."""
    return repr(text if len(text) <= SHOWN_CHARACTERS else f"{text[:20]}...{text[-10:]}")


def _shown(frame: Frame) -> str:
    inner = ", ".join(f'"{key}": {short(each) if isinstance(each, str) else each}' for key, each in frame.items())
    return "{" + inner + "}"
