"""How much is taken in of what the learner's side sends or prints. What goes on beyond that is told as endless."""

from __future__ import annotations

from checker.harness.findings import NotYet
from course.model import Finding

# Many times what any right solution sends. A check reads on two or three connections at a time.
MOST_BYTES = 16 * 1024 * 1024
MOST_PIECES = 100_000  # lines of a program, frames of a WebSocket


def answer_endless(what: str, read_bytes: int) -> NotYet:
    """The finding for `what` a server sends ("the answer to /orders/") that had not ended after so many bytes."""
    return _endless("answer-endless", what, read_bytes)


def output_endless(what: str, read_bytes: int) -> NotYet:
    """The same for what a program prints or sends."""
    return _endless("output-endless", what, read_bytes)


def _endless(code: str, what: str, read_bytes: int) -> NotYet:
    saw = f"after {read_bytes:,} bytes it still went on; there the reading was stopped"
    return NotYet(Finding(code, f"{what} comes to an end", saw))
