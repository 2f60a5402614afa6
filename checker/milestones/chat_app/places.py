"""The line at fault in the learner's code, where a search can know it. Runs nothing: reads their source."""

from __future__ import annotations

from checker.harness.lines import line_matching, own_line
from checker.milestones.chat_app.chat import Chat
from course.model import SourceLine

CONSUMERS = "chat/consumers.py"


def first(chat: Chat, *patterns: str) -> SourceLine | None:
    """The first line of the learner's own code that holds the first of these patterns that any line holds."""
    return own_line(chat.one.run, CONSUMERS, *patterns)


def answering(chat: Chat) -> SourceLine | None:
    """Where a frame is acknowledged; else where it is taken."""
    return first(chat, r"[\"']ack[\"']", r"json\.loads\(", r"def receive")


def taking(chat: Chat) -> SourceLine | None:
    """Where a client's frame is taken."""
    return first(chat, r"json\.loads\(", r"def receive")


def storing(chat: Chat) -> SourceLine | None:
    """Where a message is stored."""
    return first(chat, r"objects\.\w*create\(", r"\.a?save\(", r"bulk_create\(")


def ringing(chat: Chat) -> SourceLine | None:
    """Where the other process is told."""
    return first(chat, r"\.group_send\(")


def sending(chat: Chat) -> SourceLine | None:
    """Where a message goes to its client: the handler of what the layer brings."""
    return first(chat, r"event\[", r"[\"']from[\"']:", r"self\.send")


def repeating(chat: Chat) -> SourceLine | None:
    """Where what was sent is asked for once more; else where it is sent."""
    return first(chat, r"\bid__gte\b|\bpk__gte\b|\.id >=") or sending(chat)


def changes_text(chat: Chat) -> SourceLine | None:
    """Where a text becomes another."""
    return first(chat, r"\bescape\(", r"\.strip\(", r"normalize\(", r"bleach", r"\[:\d")


def author(chat: Chat) -> SourceLine | None:
    """Where the author is taken from the client's own words."""
    return first(chat, r"(?:frame|content|data|message|text_data_json)(?:\.get\(|\[)[\"'](?:from|user|username|author)")


def room_of(chat: Chat) -> SourceLine | None:
    """Where the room is looked for."""
    return first(chat, r"title__i?\w+", r"title=", r"room")


def reading(chat: Chat) -> SourceLine | None:
    """Where the store is asked for messages."""
    return first(chat, r"order_by\(", r"said_at", r"objects\.(?:filter|all)")


def limit(chat: Chat) -> SourceLine | None:
    """Where a text is measured."""
    return first(chat, r"len\(.*(?:text|frame)", r"4096", r"json\.loads\(")


def pace(chat: Chat) -> SourceLine | None:
    """Where it is counted how fast a socket speaks."""
    return first(chat, r"FLOOD_FRAMES", r"FLOOD_SECONDS", r"def receive")


def window(chat: Chat) -> SourceLine | None:
    """Where it is told for how long what was said counts."""
    return first(chat, r"FLOOD_SECONDS") or pace(chat)


def fan_out(chat: Chat) -> SourceLine | None:
    """Where one socket's send keeps others waiting."""
    return first(
        chat,
        r"async with",
        r"await (?!self\b)\w+\.send(?:_json)?\(",
        r"\((?:Json)?WebsocketConsumer\)",
        r"async_to_sync\(",
    )


def entering(chat: Chat) -> SourceLine | None:
    """Where a socket becomes a member of its group."""
    return first(chat, r"\.group_add\(")


def history(chat: Chat) -> SourceLine | None:
    """Where `/history/` is answered."""
    return first(chat, r"def history", r"def get\(")


def each(chat: Chat, module: str) -> SourceLine | None:
    """Where one message after the other is looked up: in this module before the others."""
    patterns = (r"\.author\.name", r"\.author\b", r"for \w+ in .*objects")
    file = f"chat/{module}.py"
    return line_matching(chat.project, file, [f".*{each}" for each in patterns]) or first(chat, *patterns)


def coming_back(chat: Chat) -> SourceLine | None:
    """Where `after` is looked at as if 0 were none; else where messages are read."""
    return first(
        chat, r"\b(?:if|or|and|not) .*scope\[.after.\](?:\)|:| or| and| else|$)", r"scope\[.after.\] or\b"
    ) or reading(chat)


def catching_up(chat: Chat) -> SourceLine | None:
    """Where it is asked for what came later, and cut off; else where messages are read."""
    return first(chat, r"\b(?:id|pk)__gte?\b.*\[.*:", r"\b(?:id|pk)__gte?\b") or reading(chat)


def members(chat: Chat, module: str) -> SourceLine | None:
    """Where it is asked who is a member; else the door itself."""
    door = r"def connect" if module == "consumers" else r"def history|def get\("
    return line_matching(chat.project, f"chat/{module}.py", [r".*Member\.objects", rf".*(?:{door})"])
