"""The kinds of events that are gateways's own: what the lab tells from inside the learner's server and adapter."""

from __future__ import annotations

from enum import StrEnum


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
