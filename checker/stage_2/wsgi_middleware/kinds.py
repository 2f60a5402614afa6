"""The kinds of events that are wsgi_middleware's own: what the traced layers tell from inside gunicorn."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from checker.harness.events import Facts


class Kind(StrEnum):
    """Further ones, of every run, are in checker/harness/events.py."""

    LAYER_CHUNK = "layer.chunk"
    LAYER_ENTERED = "layer.entered"
    LAYER_LEFT = "layer.left"
    LAYER_RETURNED = "layer.returned"


# What each holds besides `pid` and `server`: checker/harness/events.py.
TOLD_FROM_INSIDE: Mapping[str, Facts] = {kind: {"layer": str, "request": str} for kind in Kind}
