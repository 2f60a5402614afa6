"""The sockets of one check, over two processes and one Valkey, and what they wait for together."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from statistics import median
from typing import NoReturn

from checker.harness.deaf import DeafClient
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.history import Event
from checker.harness.http import Exchange
from checker.harness.picture import Picture
from checker.harness.server import Server
from checker.harness.waiting import wait_until
from checker.stage_4.groups import places
from checker.stage_4.groups.chat import Chat
from checker.stage_4.groups.chatter import Chatter
from checker.stage_4.groups.frames import Frame, words
from checker.stage_4.groups.trouble import judge_error, judge_never_awaited
from course.model import Fact, SourceLine

LEFT_WITHIN_S = 3.0
MOST_ASKING_S = 60.0  # `patience_s` ends it long before
# How long `who` may take to become right, in PRESENCE_SECONDS, and in answers of this machine: it may be slow.
PATIENCE_IN_PRESENCE = 4
PATIENCE_IN_ANSWERS = 10


class Crowd:
    """The sockets of one check. Knows why something failed better than the check that noticed it."""

    def __init__(self, chat: Chat, random: Random) -> None:
        self.chat = chat
        self.random = random
        self.started_at = chat.history.now()
        self.expired_before = chat.store.expired()
        self._tag = next(chat.tags)
        self._chatters: list[Chatter] = []
        self._deaf: list[DeafClient] = []
        self._answers_s: list[float] = []

    @property
    def project(self) -> Path:
        """The learner's folder."""
        return self.chat.one.run.project

    def user(self, name: str) -> str:
        """The user whom the check calls so, by a name drawn for this run."""
        return name + self._tag

    def room(self, name: str) -> str:
        """The room that the check calls so, by a title drawn for this run."""
        return f"{name}-{self._tag}"

    def text(self, words: str) -> str:
        """A text drawn for this run."""
        return f"{words} {self._tag}"

    def odd_text(self, words: str) -> str:
        """The same, with what a text may hold."""
        return f'{words} "{self._tag}" & \\ <é> 🦊\n'

    def enter(self, server: Server, name: str, *rooms: str) -> Chatter:
        """One more socket of the user called so, which has joined these rooms."""
        return self.enter_as(server, self.user(name), *rooms)

    def enter_as(self, server: Server, user: str, *rooms: str) -> Chatter:
        """The same, of exactly this user."""
        chatter = Chatter(self, server, user, self.chat.place(server))
        self._chatters.append(chatter)
        for room in rooms:
            chatter.join(room)
        return chatter

    def enter_deaf(self, server: Server, name: str) -> DeafClient:
        """One more socket, which will not read."""
        user = self.user(name)
        deaf = DeafClient(self.chat.history, server, f"/ws/?user={user}", label=user)
        self._deaf.append(deaf)
        return deaf

    @property
    def patience_s(self) -> float:
        """How long `who` may be wrong: more than promised, and more again where answers take long."""
        answer_s = median(self._answers_s) if self._answers_s else 0.0
        return PATIENCE_IN_PRESENCE * self.chat.presence_s + PATIENCE_IN_ANSWERS * answer_s

    @property
    def patience(self) -> str:
        """The same in words."""
        return f"{self.patience_s:.1f} s, where PRESENCE_SECONDS is {self.chat.presence_s}"

    def ask_who(self, asker: Chatter, room: str) -> list[str]:
        """The answer's users; how long it took counts for `patience_s`."""
        asked_at = self.chat.history.now()
        users = asker.ask_who(room)
        self._answers_s.append(self.chat.history.now() - asked_at)
        return users

    def wait_who(self, asker: Chatter, room: str, users: Sequence[str]) -> list[str]:
        """Ask until the answer is `users`; the last answer when it never is."""
        started_at = self.chat.history.now()
        answers: list[list[str]] = []

        def has_settled() -> bool:
            answers.append(self.ask_who(asker, room))
            return answers[-1] == list(users) or self.chat.history.now() > started_at + self.patience_s

        wait_until(has_settled, MOST_ASKING_S)
        return answers[-1]

    def wait_gone(self, *sockets: Chatter | DeafClient, deadline_s: float = LEFT_WITHIN_S) -> None:
        """Wait until the servers have finished with these closed sockets.

        A reader of the layer that is cancelled may take one message with it (at most once, says the layer), so nothing
        that matters is sent before.
        """
        end = self.chat.history.now() + deadline_s
        ended = {server.name for server in (self.chat.one, self.chat.two) if server.process.returncode is not None}
        for socket in sockets:
            if isinstance(socket, Chatter) and socket.server.name in ended:
                continue
            left_s = max(end - self.chat.history.now(), 0.01)
            self.chat.history.wait_for(EventKind.APP_LEFT, _of(socket.id), deadline_s=left_s)

    def wait_members_left(self, before: Mapping[str, int]) -> dict[str, int]:
        """The groups that hold more members than before, once that no longer changes for the better; normally none."""

        def left() -> dict[str, int]:
            return {name: n for name, n in self.chat.store.members().items() if n > before.get(name, 0)}

        wait_until(lambda: not left(), LEFT_WITHIN_S)
        return left()

    def send_post(self, server: Server, path: str, body: Frame | None = None) -> Exchange:
        """A POST of JSON on its way."""
        headers = {"Content-Type": "application/json"}
        return server.send(path, method="POST", body=json.dumps(body or {}).encode(), headers=headers, label=path)

    def post(self, server: Server, path: str, body: Frame | None = None) -> None:
        """POST JSON; anything but a 2xx ends the check."""
        self.expect_posted(server, self.send_post(server, path, body))

    def expect_posted(self, server: Server, exchange: Exchange) -> None:
        """The answer to a POST is a 2xx, or the check ends."""
        answer = exchange.wait_answer()
        if answer is None or (answer.status >= 500 and answer.status != 501):
            server.expect_answer(exchange)
        elif not 200 <= answer.status < 300:
            saw = f"status {answer.status}: {answer.text[:120]}"
            wanted = f"POST {exchange.path} answers with a status of 2xx"
            where = places.answered_with(self.project, exchange.path.split("/")[1], answer.status)
            self.fail("post-refused", wanted=wanted, saw=saw, where=where, path=exchange.path, status=answer.status)

    def miss(self, listener: Chatter, frames: Sequence[Frame]) -> None:
        """Draw that this socket never heard them, just before the check fails for it."""
        picture = Picture(self.chat.history)
        for frame in frames:
            picture.missing(listener, words(frame))

    def fail(self, code: str, *, wanted: str, saw: str, where: SourceLine | None = None, **facts: Fact) -> NoReturn:
        """End the check. An error inside the project says more than what a client saw of it, so it goes first."""
        is_broken = any(chatter.socket.close_code is not None for chatter in self._chatters) or bool(self._deaf)
        ids = {chatter.id for chatter in self._chatters} | {deaf.id for deaf in self._deaf}
        judge_error(self.chat, ids, wanted, since=self.started_at, deadline_s=2.0 if is_broken else 0.2)
        self.fail_as(code, wanted=wanted, saw=saw, where=where, **facts)

    def fail_as(self, code: str, *, wanted: str, saw: str, where: SourceLine | None = None, **facts: Fact) -> NoReturn:
        """End the check with this code, also where a consumer has ended with an error: that may be no fault."""
        for server in (self.chat.one, self.chat.two):
            judge_never_awaited(server, wanted, saw)
        fail(code, wanted=wanted, saw=saw, where=where, facts={"presence_s": self.chat.presence_s, **facts})

    def close(self) -> None:
        """Close every socket, and wait until the server has noticed."""
        for deaf in self._deaf:
            deaf.cut()
        if self._chatters:
            # Side by side: a socket that was sent more than it read takes seconds to say goodbye.
            with ThreadPoolExecutor(len(self._chatters)) as pool:
                pool.map(lambda chatter: chatter.socket.close(), self._chatters)
        self.wait_gone(*self._chatters)


def _of(socket_id: str) -> Callable[[Event], bool]:
    return lambda event: event["request"] == socket_id
