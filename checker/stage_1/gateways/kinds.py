"""The kinds of events that are gateways's own: what the lab tells from inside the learner's server and adapter."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from checker.harness.events import Facts


class Kind(StrEnum):
    """Further ones, of every run, are in checker/harness/events.py."""

    LAB_AGAIN = "lab.again"
    LAB_CLOSED = "lab.closed"
    LAB_ENTERED = "lab.entered"
    LAB_LINES = "lab.lines"
    LAB_MADE_ALL = "lab.made_all"
    LAB_READ = "lab.read"
    LAB_READING = "lab.reading"
    LAB_VIOLATION = "lab.violation"
    LAB_WRITE = "lab.write"


# What each holds besides `pid` and `server`: checker/harness/events.py.
TOLD_FROM_INSIDE: Mapping[str, Facts] = {
    Kind.LAB_AGAIN: {"raised": str, "is_given": bool},
    Kind.LAB_CLOSED: {"tag": str},
    Kind.LAB_ENTERED: {"request": str, "path": str},
    Kind.LAB_LINES: {"first": str, "second": str, "rest": int},
    Kind.LAB_MADE_ALL: {"tag": str},
    Kind.LAB_READ: {"tag": str, "type": str, "bytes": int, "digest": str},
    Kind.LAB_READING: {"tag": str},
    Kind.LAB_VIOLATION: {"type": str, "message": str, "traceback": str},
    Kind.LAB_WRITE: {"is_callable": bool},
}
