"""The kind of event that is chat_app's own: what inside/learn_steps.py tells of a message's way."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from checker.harness.events import Facts


class Kind(StrEnum):
    """Further ones, of every run, are in checker/harness/events.py."""

    STEP = "chat.step"


class Step(StrEnum):
    """What a process does with a message; `what` are the first words of a statement, else empty."""

    TAKES = "takes"  # a frame comes from its client
    ASKS = "asks"  # a statement begins that reads
    WRITES = "writes"  # one that writes, or COMMIT
    RINGS = "rings"  # the channel layer is given something for a group
    RUNG = "rung"  # ... and has taken it
    HEARS = "hears"  # the channel layer hands something over to a consumer
    SENDS = "sends"  # a frame goes to its client


TOLD_FROM_INSIDE: Mapping[str, Facts] = {Kind.STEP: {"step": str, "what": str}}
