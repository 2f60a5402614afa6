"""Frames of the chat, and how findings show them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

Frame = dict[str, Any]

BELL = "the bell rings (the check's marker)"
LONGEST_SHOWN = 60


def message(room: str, user: str, text: str) -> Frame:
    """What the others in the room hear."""
    return {"room": room, "from": user, "text": text}


def bare(frames: Sequence[Frame]) -> list[Frame]:
    """The frames without keys that the contract does not name: more than was asked is not wrong."""
    named = ("room", "from", "text", "notice")
    return [{key: frame[key] for key in named if key in frame} or frame for frame in frames]


def shown(frames: Sequence[Frame]) -> str:
    """Frames as a finding shows them."""
    return ", ".join(shown_frame(frame) for frame in frames) or "nothing"


def shown_frame(frame: Frame) -> str:
    """One of them."""
    return json.dumps({key: _short(value) for key, value in frame.items()}, ensure_ascii=False)


def shown_title(title: str) -> str:
    """A title so that near ones differ to the eye: escaped, and its length where it is cut."""
    text = ascii(title)
    return text if len(title) <= LONGEST_SHOWN else f"{text[:12]}...{text[-12:]} ({len(title)} characters)"


def words(frame: Frame) -> str:
    """What of a frame is to be read."""
    return str(frame.get("notice", frame.get("text", shown_frame(frame))))


def never_heard(missing: Sequence[Frame], heard: Sequence[Frame]) -> str:
    """What is missing comes first: it is what there is to look for."""
    texts = ", ".join(repr(_short(words(frame))) for frame in missing)
    rest = [frame for frame in heard if frame.get("text") != BELL]
    if rest:
        return f"never heard {texts}; it heard {shown(rest)}"
    return f"never heard {texts}; only the marker came" if heard else f"never heard {texts}, nor anything else"


def _short(value: Any) -> Any:
    return f"{value[:12]}...{value[-8:]}" if isinstance(value, str) and len(value) > LONGEST_SHOWN else value
