"""What became of each sensor, as its calls at the hub tell: asked for, leased, given back. Judges nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import StrEnum

from checker.harness.events import EventKind
from checker.harness.history import Event, History

CALLS = (EventKind.GATE_ARRIVED, EventKind.GATE_RELEASED, EventKind.GATE_LEFT)
AGREED = 200


class State(StrEnum):
    """How a sensor stands at the hub."""

    FREE = "free"  # never leased, refused, or given back; also where the hub has failed the release
    ASKED = "being leased"
    LEASED = "still leased"
    RELEASING = "being released"
    LOST = "left leased: its release was broken off"


def split(tag: str) -> tuple[str, str]:
    """The word and the name of a call: `release-boiler` is ("release", "boiler")."""
    word, _, name = tag.partition("-")
    return word, name


def states(history: History, names: Collection[str], since: float) -> dict[str, State]:
    """How each of these, which nobody had before `since`, stands now."""
    standing = dict.fromkeys(names, State.FREE)
    for event in calls(history, names, since):
        standing[split(event["tag"])[1]] = _after(event) or standing[split(event["tag"])[1]]
    return standing


def times_released(history: History, name: str) -> int:
    """How often the hub was asked to take this one back."""
    return len(arrivals(history, "release", [name]))


def arrivals(history: History, word: str, names: Collection[str]) -> list[Event]:
    """The calls of this word for these sensors, as they came."""
    tags = {f"{word}-{name}" for name in names}
    return [event for event in history.events(EventKind.GATE_ARRIVED) if event["tag"] in tags]


def peak(history: History, names: Collection[str]) -> list[str]:
    """Those of these sensors that were leased, or being so, at the moment when most of them were."""
    standing: dict[str, State] = {}
    most: list[str] = []
    for event in calls(history, names):
        if state := _after(event):
            standing[split(event["tag"])[1]] = state
        now = [name for name, state in standing.items() if state not in (State.FREE, State.LOST)]
        most = now if len(now) > len(most) else most
    return most


def calls(history: History, names: Collection[str], since: float = 0.0) -> Iterator[Event]:
    """All that the hub has seen of these sensors since then, in order of time."""
    known = frozenset(names)
    return (event for event in history.events(*CALLS, since=since) if split(event["tag"])[1] in known)


def _after(event: Event) -> State | None:
    """How the sensor of this call stands after it; None for a call that changes nothing."""
    match split(event["tag"])[0], event.kind:
        case "lease", EventKind.GATE_ARRIVED:
            return State.ASKED
        case "lease", EventKind.GATE_RELEASED:
            return State.LEASED if event["status"] == AGREED else State.FREE
        case "lease", EventKind.GATE_LEFT:
            return State.FREE
        case "release", EventKind.GATE_ARRIVED:
            return State.RELEASING
        case "release", EventKind.GATE_RELEASED:
            return State.FREE
        case "release", EventKind.GATE_LEFT:
            return State.LOST
    return None
