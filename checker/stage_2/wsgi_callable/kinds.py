"""The kinds of events that are wsgi_callable's own: what the validator and the lab tell from inside."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Further ones, of every run, are in checker/harness/events.py."""

    APP_RETURNED = "app.returned"
    LAB_CLOSED = "lab.closed"
    LAB_ENVIRON = "lab.environ"
    LAB_REFUSED = "lab.refused"
    PEP3333_BROKEN = "pep3333.broken"
