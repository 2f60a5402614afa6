"""The kind of event that is convert_to_async's own: what inside/learn_views.py tells of the learner's views."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from checker.harness.events import Facts


class Kind(StrEnum):
    """Further ones, of every run, are in checker/harness/events.py."""

    VIEWED = "views.entered"


# What each holds besides `pid` and `server`. `on_loop` says where the view began: on the loop, or in a thread.
TOLD_FROM_INSIDE: Mapping[str, Facts] = {Kind.VIEWED: {"request": str, "view": str, "on_loop": bool}}
