"""The pictures of a check as frozen values: timelines, charts and conversations. Built by the harness, drawn by view/.

Apart from the model, which every command imports: to make a data class costs a third of a millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BarKind(StrEnum):
    """What a stretch of a timeline's row stands for."""

    WORKING = "working"
    WAITING = "waiting"
    STALLED = "stalled"
    UPSTREAM = "upstream"  # in what the app has called, which the bar's label names


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of one row, in milliseconds from the timeline's start."""

    start_ms: float
    end_ms: float
    kind: BarKind
    label: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of one row: a stall's file:line, a hang-up, a process's death."""

    at_ms: float
    label: str


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One worker, thread, event loop, request or connection."""

    name: str
    bars: tuple[Bar, ...] = ()
    marks: tuple[Mark, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The picture of what happened in one check: all rows share the clock 0..span_ms."""

    span_ms: float
    rows: tuple[TimelineRow, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """One bar of a chart."""

    name: str
    value: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Measured values beside each other, in one unit ("ms"). `log`: from value to value it goes by factors."""

    title: str
    unit: str
    values: tuple[Value, ...]
    log: bool = False


class MessageKind(StrEnum):
    """What a row of a conversation tells of a party's socket, or of its request."""

    SAID = "said"
    HEARD = "heard"
    CLOSED = "closed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Message:
    """One row: `by` said `text` to the server `via`, or heard it from there, or never did.

    `via` is one of the conversation's parties; "" where nobody recorded which. `at_ms` counts from its first row.
    """

    at_ms: float
    by: str
    via: str
    kind: MessageKind
    text: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """The picture of a check in which sockets talked: a column for each party, messages in the order of time."""

    parties: tuple[str, ...]
    messages: tuple[Message, ...]
    title: str = ""
    left_out: int = 0
