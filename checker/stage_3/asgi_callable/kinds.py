"""The kinds of events that are asgi_callable's own: what inside/learn_ladder.py tells of the learner's callable."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from checker.harness.events import Facts


class Kind(StrEnum):
    """A message, and how a call ended. Further ones, of every run, are in checker/harness/events.py."""

    RECEIVED = "ladder.received"
    SENT = "ladder.sent"
    RETURNED = "ladder.returned"
    RAISED = "ladder.raised"


CALL = {"scope": str, "request": str}
# What each holds besides `pid` and `server`: checker/harness/events.py.
TOLD_FROM_INSIDE: Mapping[str, Facts] = {
    Kind.RECEIVED: {**CALL, "type": str},
    Kind.SENT: {**CALL, "type": str, "text": str},
    Kind.RETURNED: CALL,
    Kind.RAISED: {**CALL, "type": str, "message": str, "traceback": str},
}
