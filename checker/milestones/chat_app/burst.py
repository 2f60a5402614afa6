"""Sockets that say more than they may, and what each may say afterwards.

FLOOD_SECONDS are long. So what has to lie that long ago is said ahead, and what is said that long after it is said on
a thread, while other checks are done. Where they took another time than was hoped for, it is said once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

from checker.harness.findings import Inconclusive
from checker.milestones.chat_app import places
from checker.milestones.chat_app.chat import Chat
from checker.milestones.chat_app.crowd import Crowd
from checker.milestones.chat_app.talker import AT_ONCE_S, Said, Talker, shown
from checker.milestones.chat_app.voice import Spoken, Voice

TOO_MANY = 4
LATE = 2  # with all but one of FLOOD_FRAMES said before: more than there is room for
TRIES = 4
# Of FLOOD_SECONDS: until when after the first message most can be said, how long some more can at least, and how long
# after a first that is said anew most is said: enough for some more to be in time.
LATEST, LEAST, AHEAD = 0.9, 0.125, 0.3
TOO_BUSY = "the machine was too busy to answer a burst of messages in FLOOD_SECONDS"


class Burst:
    """Two sockets for three checks: one was too fast, the other has said a single message so far."""

    def __init__(self, chat: Chat, crowd: Crowd) -> None:
        """The sockets are this crowd's, which lives as long."""
        self._chat = chat
        self._crowd = crowd
        self._over = Event()
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="late")
        self._late: Future[Spoken | None] = Future()
        self._rushed = self._voice("too-fast")
        self._rushed.speak("rushed", chat.flood_frames + TOO_MANY)
        self._begun = self._begin("rush")

    def close(self) -> None:
        """The checks are over: nobody waits any more."""
        self._over.set()
        self._beside.shutdown(cancel_futures=True)

    def judge(self) -> None:
        """So many as it may are acknowledged, the others refused; another socket of the same user speaks."""
        for number in range(TRIES):
            if number or self._chat.history.now() > self._begun.spoken[0].began_at + LATEST * self._chat.flood_s:
                self._begun = self._begin(f"rush-{number}")
                self._wait_until(self._begun.spoken[0].ended_at + AHEAD * self._chat.flood_s)
            if self._is_judged(self._begun, "rushed", self._tabs(self._begun), said=1):
                self._late = self._beside.submit(self._say_late, self._begun)
                return
        raise Inconclusive(TOO_BUSY)

    def judge_span(self) -> None:
        """One message, later as many as it may say beside, and when the first is long ago some more: too many."""
        voice, late = self._begun, self._late.result()
        for number in range(TRIES):
            if late is not None:
                self._expect_share_kept(voice, late)
                return
            voice = self._spread(f"span-{number}", voice.spoken[1].took_s)
            late = self._say_late(voice)
        raise Inconclusive(TOO_BUSY)

    def judge_afterwards(self) -> None:
        """Who was too fast speaks again, and is refused again when it is too fast again."""
        voice = self._rushed
        tabs = self._tabs(voice)
        when = f"{self._chat.flood_s} s (FLOOD_SECONDS) after its last frame: "
        for number in range(TRIES):
            self._wait_until(voice.spoken[-1].ended_at + self._chat.flood_s)
            if self._is_judged(voice, f"rushed again {number}", tabs, when):
                break
        else:
            raise Inconclusive(TOO_BUSY)
        bo = self._crowd.enter(self._chat.two, "bo", voice.talker.room, after=voice.said[0].id - 1)
        for talker in (voice.talker, bo):
            self._crowd.expect_heard(talker, voice.said)

    def _voice(self, room: str) -> Voice:
        return Voice(self._crowd, self._crowd.enter(self._chat.one, "ada", self._crowd.named(room)))

    def _begin(self, room: str) -> Voice:
        voice = self._voice(room)
        voice.speak("first", 1)
        return voice

    def _spread(self, room: str, most_s: float) -> Voice:
        """A voice that has said all but what is late. On a busy machine the most of it takes long: `most_s` last time.

        It has to end before the first is long ago, and what is late, before it is long ago itself.
        """
        voice = self._begin(room)
        free_s = max(self._chat.flood_s - most_s, 0)
        self._wait_until(voice.spoken[0].ended_at + free_s / 2)
        voice.speak("most", self._chat.flood_frames - 1)
        return voice

    def _say_late(self, voice: Voice) -> Spoken | None:
        """Some more, once the first is long ago. None where the machine was so slow that by now more may be taken."""
        self._wait_until(voice.spoken[0].ended_at + self._chat.flood_s)
        if self._over.is_set() or self._left_s(voice) < LEAST * self._chat.flood_s:
            return None
        late = voice.speak("late", LATE)
        return late if self._left_s(voice) > 0 else None

    def _left_s(self, voice: Voice) -> float:
        """How long there is still no room for more than one, once the first message is long enough ago."""
        first, most = voice.spoken[:2]
        if most.ended_at > first.began_at + self._chat.flood_s:
            return 0.0  # a window that had begun with the first was over
        late_at = max(first.ended_at + self._chat.flood_s, self._chat.history.now())
        return most.began_at + self._chat.flood_s - late_at

    def _tabs(self, voice: Voice) -> list[Talker]:
        return [self._crowd.enter(server, "ada", voice.talker.room) for server in (self._chat.one, self._chat.two)]

    def _wait_until(self, at: float) -> None:
        self._over.wait(max(at - self._chat.history.now(), 0))

    def _is_judged(self, voice: Voice, name: str, tabs: Sequence[Talker], when: str = "", said: int = 0) -> bool:
        """False where the machine was so slow that all of them may have been in time. So many were `said` before."""
        chat, crowd, may = self._chat, self._crowd, self._chat.flood_frames
        began_at = voice.spoken[-1].began_at if said else chat.history.now()
        burst = voice.speak(name, may + TOO_MANY - said)
        for tab in tabs:
            voice.said.append(self._expect_at_ease(tab, crowd.named(f"at ease beside {name}")))
        acked, refused, room = burst.acked, burst.refused, may - said
        before = f", which had said {said} before," if said else ""
        told = f"{len(burst.keys)} messages at once on one socket{before}"
        wanted = f"{when}of {told} {room} are acknowledged: FLOOD_FRAMES are {may}"
        saw = f"{len(acked)} were acknowledged, {len(refused)} refused; {voice.talker.silence}"
        where = places.pace(chat)
        if len(acked) > room and burst.ended_at - began_at >= chat.flood_s:
            return False
        if acked != list(range(room)) or len(acked) + len(refused) != len(burst.keys):
            crowd.fail("flood-differs", wanted=wanted, saw=saw, where=where, frames=may)
        for key, answer in list(zip(burst.keys, burst.answers, strict=True))[room:]:
            if answer.get("for") != key:
                wanted = f'a message too many is answered {{"error": TEXT, "for": "{key}"}}'
                crowd.fail("flood-differs", wanted=wanted, saw=shown([answer]), where=where, frames=may)
        return True

    def _expect_share_kept(self, voice: Voice, late: Spoken) -> None:
        chat, most = self._chat, voice.spoken[1]
        took, more, within_s = len(most.acked), len(late.acked), late.ended_at - most.began_at
        if took + more > chat.flood_frames:
            self._crowd.fail(
                "flood-differs",
                wanted=f"in any {chat.flood_s} s (FLOOD_SECONDS) at most {chat.flood_frames} (FLOOD_FRAMES) are taken",
                saw=f"{took + more} were acknowledged within {within_s:.1f} s: {took} of them, and {more} more once\n"
                f"another, said before these, was {chat.flood_s} s ago",
                where=places.window(chat),
                frames=chat.flood_frames,
            )

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
