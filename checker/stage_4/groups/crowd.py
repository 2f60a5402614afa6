"""The words of the chat checks: sockets that join, say and listen, over two processes and one Valkey.

Ordering holds without waiting: an acknowledged message is in Valkey, so whatever is said after the acknowledgement
arrives after it. A socket that hears the later one and not the earlier has missed it for good.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

from checker.harness.findings import fail
from checker.harness.server import Server
from checker.harness.websocket import WebSocket
from checker.stage_4.groups.chat import Chat
from checker.stage_4.groups.trouble import tell_error, tell_never_awaited

SETTLES_WITHIN_S = 10.0
LEFT_DEADLINE_S = 3.0
POLL_EVERY_S = 0.05

Frame = dict[str, Any]


class Chatter:
    """One socket of one user, in one process."""

    def __init__(self, crowd: Crowd, server: Server, user: str) -> None:
        self.user = user
        self.server = server
        self.name = f"{user} in {crowd.chat.place(server)}"
        self._crowd = crowd
        self._unread: list[Frame] = []
        self.socket: WebSocket = server.websocket(f"/ws/?user={user}", label=self.name)
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

    def who(self, room: str) -> list[str]:
        """The answer's users."""
        users = self.ask({"op": "who", "room": room}, "who")["users"]
        return list(users) if isinstance(users, list) else [repr(users)]

    def ask(self, frame: Frame, *keys: str) -> Frame:
        """The first frame with one of these keys; anything else ends the check."""
        answer = self.answer_to(frame, *keys)
        if answer is None or answer.keys().isdisjoint(keys):
            self._crowd.fail(
                "no-reply",
                wanted=f'{self.name} sends {_shown(frame)} and is answered with {{"{keys[0]}": ...}}',
                saw=f"the answer was {_shown(answer)}" if answer else self.silence,
            )
        return answer

    def answer_to(self, frame: Frame, *keys: str) -> Frame | None:
        """The first frame with one of these keys or an error. Messages before it are kept for `hears_until`."""
        self.socket.send(frame)
        skipped: list[Frame] = []
        answer = self._next()
        while answer is not None and answer.keys().isdisjoint({*keys, "error"}):
            skipped.append(answer)
            answer = self._next()
        self._unread = skipped + self._unread
        return answer

    def hears_until(self, text: str) -> list[Frame]:
        """The messages and notices up to and with the message of this text; all there were when it does not come."""
        heard: list[Frame] = []
        while (frame := self._next()) is not None:
            heard.append(frame)
            if frame.get("text") == text:
                break
        return heard

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
            return f"{self.name} got no frame for {SETTLES_WITHIN_S:.0f} s; its socket is open"
        return f"the socket of {self.name} was closed ({code})"

    def _next(self) -> Frame | None:
        if self._unread:
            return self._unread.pop(0)
        frame = self.socket.receive(SETTLES_WITHIN_S)
        return frame if frame is None or isinstance(frame, dict) else {"unexpected": frame}


class Crowd:
    """The sockets of one check. Knows why something failed better than the check that noticed it."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.started_at = chat.history.now()
        self._chatters: list[Chatter] = []

    def enter(self, server: Server, user: str, *rooms: str) -> Chatter:
        """One more socket, which has joined these rooms."""
        chatter = Chatter(self, server, user)
        self._chatters.append(chatter)
        for room in rooms:
            chatter.join(room)
        return chatter

    def wait_gone(self, *chatters: Chatter, deadline_s: float = LEFT_DEADLINE_S) -> None:
        """Wait until the server has finished with these closed sockets.

        A reader of the layer that is cancelled may take one message with it (at most once, says the layer), so nothing
        that matters is sent before.
        """
        end = self.chat.history.now() + deadline_s
        for chatter in chatters:
            if chatter.server.process.returncode is None:
                left_s = max(end - self.chat.history.now(), 0.01)
                self.chat.history.wait_for("app.left", lambda e, c=chatter: e["request"] == c.id, deadline_s=left_s)  # type: ignore[misc]

    def who_settles(self, asker: Chatter, room: str, users: Sequence[str]) -> list[str]:
        """Ask until the answer is `users`; the last answer when it never is."""
        end = self.chat.history.now() + SETTLES_WITHIN_S
        while (answer := asker.who(room)) != list(users) and self.chat.history.now() < end:
            threading.Event().wait(POLL_EVERY_S)
        return answer

    def expect_gone(self, user: str, room: str, askers: Sequence[Chatter], *, for_s: float) -> None:
        """Ask until nobody has been told of this user for so long on end; being told at the deadline ends the check.

        A renewal that was on its way may show the user once more. One that never ends lets no such time go by.
        """
        end = self.chat.history.now() + SETTLES_WITHIN_S
        gone_since, has_returned = None, False
        while True:
            asked_at = self.chat.history.now()
            answers = {asker.name: asker.who(room) for asker in askers}
            if all(user not in users for users in answers.values()):
                gone_since = gone_since or self.chat.history.now()
                if asked_at >= gone_since + for_s:
                    return
            elif asked_at < end:
                has_returned = has_returned or gone_since is not None
                gone_since = None
            else:
                break
            threading.Event().wait(POLL_EVERY_S)
        told = "; ".join(f"{name} is told {users}" for name, users in answers.items())
        saw = f"{told}, after {SETTLES_WITHIN_S:.0f} s of asking"
        saw += f"\n{user} had been gone, and came back" if has_returned else ""
        wanted = f"the client of {user} vanished while it was answered: `who` names {user} no more, and never again"
        for server in (self.chat.one, self.chat.two):
            tell_never_awaited(server, wanted, saw)
        # Not self.fail: it may end the consumer with an error, as long as nothing stays behind.
        fail("listed-after-vanishing", wanted=wanted, saw=saw)

    def members_left(self, before: Mapping[str, int]) -> dict[str, int]:
        """The groups that hold more members than before, once that no longer changes for the better; normally none."""
        end = self.chat.history.now() + LEFT_DEADLINE_S
        while left := {name: n for name, n in self.chat.store.members().items() if n > before.get(name, 0)}:
            if self.chat.history.now() > end:
                break
            threading.Event().wait(POLL_EVERY_S)
        return left

    def post(self, server: Server, path: str, body: Frame | None = None) -> None:
        """POST JSON; anything but a 2xx ends the check."""
        headers = {"Content-Type": "application/json"}
        exchange = server.send(path, method="POST", body=json.dumps(body or {}).encode(), headers=headers, label=path)
        answer = exchange.answer()
        if answer is None or (answer.status >= 500 and answer.status != 501):
            server.answer_of(exchange)
        elif not 200 <= answer.status < 300:
            saw = f"status {answer.status}: {answer.text[:120]}"
            self.fail("post-refused", wanted=f"POST {path} answers with a status of 2xx", saw=saw)

    def fail(self, code: str, *, wanted: str, saw: str) -> NoReturn:
        """End the check. An error inside the project says more than what a client saw of it, so it goes first."""
        is_broken = any(chatter.socket.close_code is not None for chatter in self._chatters)
        ids = {chatter.id for chatter in self._chatters}
        tell_error(self.chat, ids, wanted, since=self.started_at, deadline_s=2.0 if is_broken else 0.2)
        for server in (self.chat.one, self.chat.two):
            tell_never_awaited(server, wanted, saw)
        fail(code, wanted=wanted, saw=saw)

    def close(self) -> None:
        """Close every socket, and wait until the server has noticed."""
        if self._chatters:
            # Side by side: a socket that was sent more than it read takes seconds to say goodbye.
            with ThreadPoolExecutor(len(self._chatters)) as pool:
                pool.map(lambda chatter: chatter.socket.close(), self._chatters)
        self.wait_gone(*self._chatters)


def message(room: str, user: str, text: str) -> Frame:
    """What the others in the room hear."""
    return {"room": room, "from": user, "text": text}


def bare(frames: Sequence[Frame]) -> list[Frame]:
    """The frames without keys that the contract does not name: more than was asked is not wrong."""
    named = ("room", "from", "text", "notice")
    return [{key: frame[key] for key in named if key in frame} or frame for frame in frames]


def shown(frames: Sequence[Frame]) -> str:
    """Frames as a finding shows them."""
    return ", ".join(_shown(frame) for frame in frames) or "nothing"


def _shown(frame: Frame) -> str:
    short = {key: _short(value) for key, value in frame.items()}
    return json.dumps(short, ensure_ascii=False)


def _short(value: Any) -> Any:
    return f"{value[:12]}...{value[-8:]}" if isinstance(value, str) and len(value) > 60 else value
