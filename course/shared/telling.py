"""Which rows of a conversation tell most, where there is room for a few. Draws nothing."""

from __future__ import annotations

from collections.abc import Sequence

from course.pictures import Message, MessageKind


def most_telling(messages: Sequence[Message], most: int) -> tuple[Message, ...]:
    """At most so many, in their order: what never came, who said it, who should have heard it; then the last ones."""
    missing = [message for message in messages if message.kind is MessageKind.MISSING]
    texts = {message.text for message in missing}
    listeners = {message.by for message in missing}

    def rank(at: int) -> tuple[int, int]:
        message = messages[at]
        if message.kind is MessageKind.MISSING:
            return 0, -at
        if any(text in message.text for text in texts):
            return 1, -at
        return (2 if message.by in listeners else 3), -at

    chosen = sorted(sorted(range(len(messages)), key=rank)[: max(most, 0)])
    return tuple(messages[at] for at in chosen)
