"""The kinds of events that are wsgi_middleware's own: what the traced layers tell from inside gunicorn."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Further ones, of every run, are in checker/harness/events.py."""

    LAYER_CHUNK = "layer.chunk"
    LAYER_ENTERED = "layer.entered"
    LAYER_LEFT = "layer.left"
    LAYER_RETURNED = "layer.returned"
