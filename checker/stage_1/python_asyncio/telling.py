"""What a desk tells on stdout: the lines of report.py. Others are the learner's own, JSON or not, and do no harm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

# Each event's facts, as report.py writes them. `end` is told by __main__.py, with two lists.
_FACTS = {
    "quote": ("symbol", "price"),
    "failed": ("symbol", "reason"),
    "beat": (),
    "end": ("failed", "tasks_left"),
}


def event(line: str) -> Mapping[str, Any] | None:
    """The event that this line tells; None when it is none of report.py's, by its name, its facts or their kinds."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    name = told.get("event")
    facts = _FACTS.get(name) if isinstance(name, str) else None
    if facts is None or told.keys() != {"event", *facts}:
        return None
    kind = list if name == "end" else str
    # A price that is no text is one told in the wrong way, not a line of their own.
    return told if all(isinstance(told[fact], kind) for fact in facts if fact != "price") else None
