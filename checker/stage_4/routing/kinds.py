"""The kinds of events that are routing's own: what inside/learn_routes.py tells of each router that a path comes to."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from checker.harness.events import Facts


class Kind(StrEnum):
    """A router's first route that takes a path, or that none does. Others, of every run: checker/harness/events.py."""

    TOOK = "route.took"
    NONE = "route.none"


ROUTER = {"request": str, "level": int, "path": str}
# What each holds besides `pid` and `server`: checker/harness/events.py.
TOLD_FROM_INSIDE: Mapping[str, Facts] = {
    Kind.TOOK: {**ROUTER, "route": str, "rest": str},
    Kind.NONE: ROUTER,
}
