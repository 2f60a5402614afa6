"""A room in which more was said than a page holds: what those who come, come back, and scroll up ask for."""

from __future__ import annotations

from checker.milestones.chat_app.crowd import Crowd
from checker.milestones.chat_app.talker import Said

PAGE = 50
OLDER = range(3, 8)  # so many messages more than a page


class Archive:
    """The room, and all that was said in it so far, in the order of ids."""

    def __init__(self, crowd: Crowd) -> None:
        """Four people have spoken, in either process; the clock of process two is an hour slow."""
        self.room = crowd.named("archive")
        texts = [crowd.named(f"line {number}") for number in range(PAGE + crowd.random.choice(OLDER))]
        half = len(texts) // 2
        first = crowd.expect_all_said(("ada", "bo"), self.room, texts[:half])
        self.said: list[Said] = first + crowd.expect_all_said(("cy", "dot"), self.room, texts[half:])
