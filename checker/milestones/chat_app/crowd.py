"""The sockets of one check, and what they expect of each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import NoReturn

from checker.harness import diagnosis
from checker.harness.deaf import DeafClient
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.picture import Picture
from checker.harness.server import Server
from checker.harness.unawaited import wait_unawaited
from checker.milestones.chat_app import places
from checker.milestones.chat_app.chat import Chat
from checker.milestones.chat_app.talker import Frame, Said, Talker, shown
from course.model import Fact, SourceLine

ERROR_WITHIN_S = 0.3
CLOSED_ERROR_WITHIN_S = 2.0


class Crowd:
    """The sockets of one check. Knows why something failed better than the check that noticed it."""

    def __init__(self, chat: Chat, random: Random) -> None:
        self.chat = chat
        self.random = random
        self.started_at = chat.history.now()
        self._tag = next(chat.tags)
        self._talkers: list[Talker] = []
        self._deaf: list[DeafClient] = []
        self._pool = ThreadPoolExecutor(1)

    @property
    def project(self) -> Path:
        """The learner's folder."""
        return self.chat.project

    def named(self, name: str) -> str:
        """The user, room or text that the check calls so, as it is called in this run."""
        return f"{name}-{self._tag}"

    def enter(self, server: Server, name: str, room: str, after: int | None = None) -> Talker:
        """One more socket of the user called so, who is a member of this room."""
        user = self.named(name)
        self.chat.join(user, room)
        return self.expect_let_in(Talker(self.chat, server, user, room, after))

    def expect_let_in(self, talker: Talker) -> Talker:
        """The same socket, which is open; else the check ends."""
        self._talkers.append(talker)
        if talker.socket.refused is not None:
            self.judge_error(f"{talker.name} is let into {talker.room!r}", 1.0, of=talker)
            raise diagnosis.handshake_refused(talker.server, talker.socket)
        return talker

    def open_later(self, server: Server, name: str, room: str, after: int | None) -> Future[Talker]:
        """The same on its way: it opens beside what the check does."""
        user = self.named(name)
        self.chat.join(user, room)
        return self._pool.submit(Talker, self.chat, server, user, room, after)

    def try_door(self, server: Server, user: str, room: str) -> Talker:
        """One more socket of exactly this user, who may be refused."""
        talker = Talker(self.chat, server, user, room)
        self._talkers.append(talker)
        return talker

    def enter_deaf(self, server: Server, name: str, path: str) -> DeafClient:
        """One more socket, which will not read."""
        headers = {"Cookie": self.chat.cookie(self.named(name))}
        deaf = DeafClient(self.chat.history, server, path, label=self.named(name), headers=headers)
        self._deaf.append(deaf)
        return deaf

    def expect_said(self, talker: Talker, text: str, key: str | None = None) -> Said:
        """Say it; the acknowledgement comes, or the check ends."""
        return self.expect_ack(talker, talker.send(text, key), text)

    def expect_ack(self, talker: Talker, key: str, text: str) -> Said:
        """What was sent is acknowledged, with the number of the message."""
        answer = talker.wait_answer(key)
        wanted = f'{talker.name} sends {{"id": "{key}", ...}} and is answered {{"ack": "{key}", "id": ID}}'
        if answer is None or not isinstance(answer.get("id"), int) or answer.get("ack") != key:
            saw = shown([answer]) if answer else f"no answer to it; {talker.silence}"
            if not answer and talker.answers:
                saw = f"{shown(talker.answers[:1])}; {talker.silence}"
            self.fail("no-ack", wanted=wanted, saw=saw, where=places.answering(self.chat))
        return Said(answer["id"], talker.user, text)

    def expect_all_said(
        self,
        pair: tuple[str, str],
        room: str,
        texts: Sequence[str],
        *,
        after: Sequence[Said] = (),
        meanwhile: Callable[[], None] | None = None,
    ) -> list[Said]:
        """Two users, one in either process, say these in turns, all at once, and are gone; said in the order of ids.

        Nobody else who only speaks is there: a message costs as much again for each socket that is told of it. So does
        what they would be told who come: they have seen what was said before, `after` which they speak. `meanwhile` is
        done before their acknowledgements are looked at.
        """
        seen = after[-1].id if after else None
        servers = (self.chat.one, self.chat.two)
        speakers = [self.enter(server, name, room, seen) for server, name in zip(servers, pair, strict=True)]
        sent = []
        for at, text in enumerate(texts):
            speaker = speakers[at % len(speakers)]
            sent.append((speaker, speaker.send(text), text))
        if meanwhile is not None:
            meanwhile()
        said = [self.expect_ack(*each) for each in sent]
        for speaker in speakers:
            speaker.socket.close()
        return sorted(said, key=lambda each: each.id)

    def expect_heard(self, talker: Talker, expected: Sequence[Said]) -> None:
        """Exactly these and in this order, from the first message that this socket was sent."""
        if expected:
            talker.wait_heard(expected[-1].text)
        talker.take_in()
        frames = [{key: each.get(key) for key in ("id", "from", "text")} for each in talker.heard]
        wanted_frames = [each.frame for each in expected]
        if frames != wanted_frames:
            self._fail_as_heard(talker, frames, wanted_frames)

    def _fail_as_heard(self, talker: Talker, frames: list[Frame], wanted_frames: list[Frame]) -> NoReturn:
        texts = {frame["text"] for frame in wanted_frames}
        missing = [frame for frame in wanted_frames if frame not in frames]
        foreign = [frame for frame in frames if frame not in wanted_frames]
        altered = [frame for frame in foreign if frame["text"] in texts or frame["id"] in _ids(wanted_frames)]
        doubled = [frame for at, frame in enumerate(frames) if frame in frames[:at]]
        if altered:
            by_id = next((each for each in wanted_frames if each["id"] == altered[0]["id"]), wanted_frames[0])
            self.fail(
                "message-differs",
                wanted=f"{talker.name} hears {shown([by_id])}",
                saw=shown(altered[:1]),
                where=places.changes_text(self.chat) or places.sending(self.chat),
            )
        if foreign:
            saw = f"it heard {shown(foreign[:2])}"
            wanted = f"{talker.name} hears only what is said in {talker.room!r}"
            self.fail("overheard", wanted=wanted, saw=saw, where=places.room_of(self.chat))
        if missing:
            Picture(self.chat.history).missing(talker, missing[0]["text"])
            heard = f"it heard {len(frames)} messages" if frames else f"it heard nothing; {talker.silence}"
            saw = f"{len(missing)} of {len(wanted_frames)} never came; {heard}"
            wanted = f"{talker.name} hears {shown(missing[:1])}"
            self.fail("not-delivered", wanted=wanted, saw=saw, where=places.ringing(self.chat))
        if doubled:
            wanted = f"{talker.name} hears {shown(doubled[:1])} once"
            ids = ", ".join(str(frame["id"]) for frame in frames)
            saw = f"it heard it {frames.count(doubled[0])} times: the ids came as {ids}"
            self.fail("heard-twice", wanted=wanted, saw=saw, where=places.repeating(self.chat))
        order = ", ".join(str(frame["id"]) for frame in frames)
        wanted = f"{talker.name} hears the messages in the order of their ids"
        self.fail("order-differs", wanted=wanted, saw=f"the ids came as {order}", where=places.sending(self.chat))

    def judge_error(self, wanted: str, deadline_s: float, of: Talker | None = None) -> None:
        """End the check when a consumer of one of these sockets, or of this one, has raised; waits for the news."""
        ids = {talker.id for talker in ([of] if of else self._talkers)}
        error = self.chat.history.wait_for(
            EventKind.APP_RAISED,
            # Sending to a client that has gone raises, and some have: the check's own goodbye is no fault.
            lambda e: e["request"] in ids and e["type"] != "ClientDisconnected",
            since=self.started_at,
            deadline_s=deadline_s,
        )
        if error is not None:
            saw = f"{error['type']}: {error['message']}"
            fail("consumer-crashed", wanted=wanted, saw=saw, where=error.where)

    def fail(
        self,
        code: str,
        *,
        wanted: str,
        saw: str,
        where: SourceLine | None = None,
        of: Talker | None = None,
        **facts: Fact,
    ) -> NoReturn:
        """End the check. An error inside the project says more than what a client saw of it, so it goes first.

        Where one socket is in question, `of`, an error of another one is none of its business.
        """
        is_closed = any(talker.socket.close_code is not None for talker in ([of] if of else self._talkers))
        self.judge_error(wanted, CLOSED_ERROR_WITHIN_S if is_closed else ERROR_WITHIN_S, of)
        for server in (self.chat.one, self.chat.two):
            for one in wait_unawaited(server):
                if one.where is not None and one.told not in saw:
                    saw, where = f"{saw}\n{one.told}", one.where
        fail(code, wanted=wanted, saw=saw, where=where, facts=facts)

    def close(self) -> None:
        """Close every socket."""
        self._pool.shutdown()
        for deaf in self._deaf:
            deaf.cut()
        if self._talkers:
            with ThreadPoolExecutor(len(self._talkers)) as pool:
                list(pool.map(lambda talker: talker.socket.close(), self._talkers))


def _ids(frames: Sequence[Frame]) -> set[int]:
    return {frame["id"] for frame in frames}
