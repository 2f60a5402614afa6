"""A socket that says several messages at once, and what came of each: for limits that count them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checker.milestones.chat_app.crowd import Crowd
from checker.milestones.chat_app.talker import AT_ONCE_S, Frame, Said, Talker


@dataclass(frozen=True, slots=True)
class Spoken:
    """Some messages said at once: the socket was given the first and had answered the last at these times."""

    keys: Sequence[str]
    answers: Sequence[Frame]
    began_at: float
    ended_at: float

    @property
    def took_s(self) -> float:
        """How long it was until the last was answered."""
        return self.ended_at - self.began_at

    @property
    def acked(self) -> list[int]:
        """Which of them were taken."""
        return [number for number, answer in enumerate(self.answers) if "ack" in answer]

    @property
    def refused(self) -> list[int]:
        """Which of them were not."""
        return [number for number, answer in enumerate(self.answers) if isinstance(answer.get("error"), str)]


class Voice:
    """A socket, and all that it has said."""

    def __init__(self, crowd: Crowd, talker: Talker) -> None:
        self.talker = talker
        self.said: list[Said] = []
        self.spoken: list[Spoken] = []
        self._crowd = crowd

    def speak(self, name: str, count: int) -> Spoken:
        """Say so many at once, and wait until each is answered."""
        texts = [self._crowd.named(f"{name} {number}") for number in range(count)]
        began_at = self._crowd.chat.history.now()
        keys = [self.talker.send(text) for text in texts]
        answers = self._answers(keys)
        self.spoken.append(Spoken(keys, answers, began_at, self._crowd.chat.history.now()))
        self.said += [
            Said(answer["id"], self.talker.user, text)
            for answer, text in zip(answers, texts, strict=True)
            if "ack" in answer and isinstance(answer.get("id"), int)
        ]
        return self.spoken[-1]

    def _answers(self, keys: Sequence[str]) -> list[Frame]:
        answers: list[Frame] = []
        within_s = None
        for key in keys:
            answer = self.talker.wait_answer(key, within_s)
            if answer is None:
                within_s = AT_ONCE_S  # who leaves one without an answer, or without its id, may do so with all
            answers.append(answer or self.talker.wait_any_answer(AT_ONCE_S) or {})
        return answers
