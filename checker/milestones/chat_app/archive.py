"""A room in which more was said than a page holds: what those who come, come back, and scroll up ask for."""

from __future__ import annotations

from checker.milestones.chat_app.crowd import Crowd
from checker.milestones.chat_app.talker import Said

PAGE = 50
OLDER = range(3, 8)  # so many messages more than a page


class Archive:
    """The room, and all that was said in it so far, in the order of ids."""

    def __init__(self, crowd: Crowd) -> None:
        """Some people speak in turns, in either process; the clock of process two is an hour slow."""
        self.room = crowd.named("archive")
        servers = (crowd.chat.one, crowd.chat.two)
        speakers = [crowd.enter(servers[at % 2], name, self.room) for at, name in enumerate(("ada", "bo", "cy", "dot"))]
        texts = [crowd.named(f"line {number}") for number in range(PAGE + crowd.random.choice(OLDER))]
        said = [crowd.expect_said(speakers[at % len(speakers)], text) for at, text in enumerate(texts)]
        self.said: list[Said] = sorted(said, key=lambda each: each.id)
