"""One socket that says more at once than it may, and what it may say afterwards."""

from __future__ import annotations

import time

from checker.harness.findings import Inconclusive
from checker.milestones.chat_app import places
from checker.milestones.chat_app.chat import Chat
from checker.milestones.chat_app.crowd import Crowd
from checker.milestones.chat_app.talker import AT_ONCE_S, Frame, Said, Talker, shown

TOO_MANY = 4
TRIES = 3
TOO_BUSY = "the machine was too busy to answer a burst of messages in FLOOD_SECONDS"


class Burst:
    """It lives over two checks: FLOOD_SECONDS lie between them."""

    def __init__(self, chat: Chat, crowd: Crowd) -> None:
        """The sockets are this crowd's, which lives as long."""
        self._chat = chat
        self._crowd = crowd
        self._last_at = 0.0
        self._said: list[Said] = []

    def judge(self) -> None:
        """So many as it may are acknowledged, the others refused; another socket of the same user speaks."""
        for number in range(TRIES):
            room = self._crowd.named(f"rush-{number}")
            self._ada = self._crowd.enter(self._chat.one, "ada", room)
            self._tabs = [self._crowd.enter(server, "ada", room) for server in (self._chat.one, self._chat.two)]
            self._said = []
            if self._is_judged("rushed"):
                return
        raise Inconclusive(TOO_BUSY)

    def judge_afterwards(self) -> None:
        """The same socket speaks again, and is refused again when it is too fast again."""
        for number in range(TRIES):
            time.sleep(max(self._last_at + self._chat.flood_s - self._chat.history.now(), 0))
            if self._is_judged(
                f"rushed again {number}", f"{self._chat.flood_s} s (FLOOD_SECONDS) after its last frame: "
            ):
                break
        else:
            raise Inconclusive(TOO_BUSY)
        bo = self._crowd.enter(self._chat.two, "bo", self._ada.room, after=self._said[0].id - 1)
        for talker in (self._ada, bo):
            self._crowd.expect_heard(talker, self._said)

    def _is_judged(self, name: str, when: str = "") -> bool:
        """False where the machine was so slow that all of them may have been in time."""
        chat, crowd, may = self._chat, self._crowd, self._chat.flood_frames
        texts = [crowd.named(f"{name} {number}") for number in range(may + TOO_MANY)]
        began_at = chat.history.now()
        keys = [self._ada.send(text) for text in texts]
        answers: list[Frame] = [
            self._ada.wait_answer(key) or self._ada.wait_any_answer(AT_ONCE_S) or {} for key in keys
        ]
        self._last_at = chat.history.now()
        self._said += [
            Said(answer["id"], self._ada.user, text)
            for answer, text in zip(answers, texts, strict=True)
            if "ack" in answer and isinstance(answer.get("id"), int)
        ]
        for tab in self._tabs:
            self._said.append(self._expect_at_ease(tab, crowd.named(f"at ease beside {name}")))
        wanted = f"{when}of {len(keys)} messages at once on one socket {may} (FLOOD_FRAMES) are acknowledged"
        acked = [number for number, answer in enumerate(answers) if "ack" in answer]
        refused = [n for n, answer in enumerate(answers) if isinstance(answer.get("error"), str)]
        saw = f"{len(acked)} were acknowledged, {len(refused)} refused; {self._ada.silence}"
        where = places.pace(chat)
        if len(acked) > may and self._last_at - began_at >= chat.flood_s:
            return False
        if acked != list(range(may)) or len(acked) + len(refused) != len(keys):
            crowd.fail("flood-differs", wanted=wanted, saw=saw, where=where, frames=may)
        if any(answer.get("for") != key for answer, key in zip(answers[may:], keys[may:], strict=True)):
            wanted = f'a message too many is answered {{"error": TEXT, "for": "{keys[may]}"}}'
            crowd.fail("flood-differs", wanted=wanted, saw=shown(answers[may : may + 1]), where=where, frames=may)
        return True

    def _expect_at_ease(self, tab: Talker, text: str) -> Said:
        """Another socket of the same user in the same room has said little, and is taken."""
        key = tab.send(text)
        answer = tab.wait_answer(key) or tab.wait_any_answer(AT_ONCE_S)
        if answer is not None and isinstance(answer.get("error"), str):
            wanted = f"another socket of the same user in this room, {tab.name}, is not concerned, and acknowledged"
            chat, saw = self._chat, shown([answer])
            where = places.pace(chat)
            self._crowd.fail("flood-differs", wanted=wanted, saw=saw, where=where, frames=chat.flood_frames)
        if answer is not None:
            tab.answers.insert(0, answer)
        return self._crowd.expect_ack(tab, key, text)
