"""One socket that says more at once than it may, and what it may say afterwards."""

from __future__ import annotations

import time

from checker.harness.findings import Inconclusive
from checker.milestones.chat_app import places
from checker.milestones.chat_app.chat import Chat
from checker.milestones.chat_app.crowd import Crowd
from checker.milestones.chat_app.talker import Frame, Said, shown

TOO_MANY = 4
TRIES = 3


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
            self._ada = self._crowd.enter(self._chat.one, "ada", self._crowd.named(f"rush-{number}"))
            if self._is_judged():
                return
        raise Inconclusive("the machine was too busy to answer a burst of messages in FLOOD_SECONDS")

    def _is_judged(self) -> bool:
        """False where the machine was so slow that all of them may have been in time."""
        chat, crowd, may = self._chat, self._crowd, self._chat.flood_frames
        tab = crowd.enter(chat.one, "ada", crowd.named("at-ease"))
        texts = [crowd.named(f"rushed {number}") for number in range(may + TOO_MANY)]
        began_at = chat.history.now()
        keys = [self._ada.send(text) for text in texts]
        answers: list[Frame] = [self._ada.wait_answer(key) or self._ada.wait_any_answer(0.01) or {} for key in keys]
        self._last_at = chat.history.now()
        crowd.expect_said(tab, crowd.named("at ease"))
        wanted = f"of {len(keys)} messages at once on one socket {may} (FLOOD_FRAMES) are acknowledged"
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
        self._said = [Said(answers[n]["id"], self._ada.user, texts[n]) for n in acked]
        return True

    def judge_afterwards(self) -> None:
        """The same socket speaks again."""
        chat, crowd = self._chat, self._crowd
        time.sleep(max(self._last_at + chat.flood_s - chat.history.now(), 0))
        text = crowd.named("at last")
        key = self._ada.send(text)
        answer = self._ada.wait_answer(key)
        if answer is None or "ack" not in answer:
            wanted = f"{chat.flood_s} s (FLOOD_SECONDS) after its last frame a socket that was too fast speaks again"
            saw = shown([answer]) if answer else f"no answer; {self._ada.silence}"
            crowd.fail("flood-differs", wanted=wanted, saw=saw, where=places.pace(chat), frames=chat.flood_frames)
        self._said.append(Said(answer["id"], self._ada.user, text))
        bo = crowd.enter(chat.two, "bo", self._ada.room, after=0)
        for talker in (self._ada, bo):
            crowd.expect_heard(talker, self._said)
