"""The kinds of events that are http_vs_websocket's own: what the frame server sees and sends."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Further ones, of every run, are in checker/harness/events.py."""

    WIRE_FRAME = "wire.frame"
    WIRE_SENT = "wire.sent"
