"""The calls that reach the world outside, as the given `upstream.py` tells of them."""

from __future__ import annotations

from dataclasses import dataclass

from checker.harness.events import EventKind
from checker.harness.history import History

SIGN_IN, FETCH, STAMP, HAND_OVER = "sign-in", "fetch", "stamp", "hand-over"
OPEN, LOOK_UP, SIGN, CLOSE = "open", "look-up", "sign", "close"


@dataclass(frozen=True, slots=True)
class Call:
    """One of them. `words` are what it is about: a parcel, and of a fetch its session, too."""

    tag: str
    what: str
    words: tuple[str, ...]
    request: str
    thread: str

    @property
    def about(self) -> str:
        """Its parcel, or parcels; empty for a call that is about none."""
        return self.words[0] if self.words else ""

    @property
    def session(self) -> str:
        """Of a fetch."""
        return self.words[1] if len(self.words) > 1 else ""


def read(tag: str) -> Call:
    """The call of this tag. What is none of the given file's is a call without a request."""
    what, *words = tag.split("|")
    if len(words) < 2:  # at least the request and the thread
        return Call(tag, what, (), "", "")
    *about, request, thread = words
    return Call(tag, what, tuple(about), request, thread)


def most_at_once(history: History, what: str, since: float) -> int:
    """How many calls of this kind were ever under way together since then; those of before count while they are."""
    kinds = (EventKind.GATE_ARRIVED, EventKind.GATE_RELEASED, EventKind.GATE_LEFT)
    most = count = 0
    for event in history.events(*kinds):
        if read(str(event["tag"])).what == what:
            count += 1 if event.kind == EventKind.GATE_ARRIVED else -1
            most = max(most, count) if event.t >= since else most
    return most
