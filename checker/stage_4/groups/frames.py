"""Frames of the chat, and how findings show them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

Frame = dict[str, Any]

BELL = "the bell rings (the check's marker)"
LONGEST_SHOWN = 60
PART_SHOWN = 5
# In what `ascii` makes of a title: after its first quote, before its last, or several.
_EYED = re.compile(r"(?<=^.) | (?=.$)| {2,}")


def message(room: str, user: str, text: str) -> Frame:
    """What the others in the room hear."""
    return {"room": room, "from": user, "text": text}


def bare(frames: Sequence[Frame]) -> list[Frame]:
    """The frames without keys that the contract does not name: more than was asked is no fault, less stays."""
    return [_bare(frame) for frame in frames]


def altered(missing: Sequence[Frame], heard: Sequence[Frame]) -> tuple[Frame, Frame] | None:
    """The first of the missing whose text was heard, with other keys or values beside it; and what was heard."""
    pairs = ((wanted, frame) for wanted in missing for frame in heard if "text" in wanted)
    return next(((wanted, frame) for wanted, frame in pairs if frame.get("text") == wanted["text"]), None)


def shown(frames: Sequence[Frame]) -> str:
    """Frames as a finding shows them."""
    return ", ".join(shown_frame(frame) for frame in frames) or "nothing"


def shown_frame(frame: Frame) -> str:
    """One of them."""
    return json.dumps({key: _short(value) for key, value in frame.items()}, ensure_ascii=False)


def shown_title(title: str) -> str:
    """A title so that near ones differ to the eye: escaped, odd blanks too, and its length where it is cut."""
    text = _EYED.sub(lambda blanks: r"\x20" * len(blanks[0]), ascii(title))
    return text if len(title) <= LONGEST_SHOWN else f"{text[:12]}...{text[-12:]} ({len(title)} characters)"


def shown_pair(one: str, other: str) -> tuple[str, str]:
    """Two near titles, so that they differ to the eye: escaped, and where they are long, around where they part."""
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))

    def part(title: str) -> str:
        if len(title) <= LONGEST_SHOWN:
            return shown_title(title)
        return f"...{title[max(at - PART_SHOWN, 0) : at + PART_SHOWN]!a}... ({len(title)} characters)"

    return part(one), part(other)


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


def _bare(frame: Frame) -> Frame:
    shapes = (("room", "from", "text"), ("notice",))
    return next(({key: frame[key] for key in keys} for keys in shapes if frame.keys() >= set(keys)), frame)


def _short(value: Any) -> Any:
    return f"{value[:12]}...{value[-8:]}" if isinstance(value, str) and len(value) > LONGEST_SHOWN else value
