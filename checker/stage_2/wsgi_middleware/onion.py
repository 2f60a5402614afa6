"""The onion as a picture: when each layer of one streamed answer was entered and left.

What is drawn was told by the tracer in the server's process (inside/onion.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from checker.harness.history import Event, History
from checker.harness.picture import Lane, Stretch
from checker.stage_2.wsgi_middleware.kinds import Kind
from course.pictures import BarKind


def onion(history: History, request: str) -> list[Lane]:
    """A lane for each layer, outermost first: called, then (waiting) open while its body is read; and its rows."""
    kinds = (Kind.LAYER_ENTERED, Kind.LAYER_RETURNED, Kind.LAYER_CHUNK, Kind.LAYER_LEFT)
    events = [e for e in history.events(*kinds) if e["request"] == request]
    lanes = [_lane(name, events) for name in dict.fromkeys(str(e["layer"]) for e in events)]
    chunks = [e for e in events if e.kind == Kind.LAYER_CHUNK]
    # A chunk is told from the inside out: first by Django, last by the outermost layer.
    inside = [e.t for e in chunks if e["layer"] == chunks[0]["layer"]]
    outside = [e.t for e in chunks if e["layer"] == chunks[-1]["layer"]]
    rows = [Stretch(came, left) for came, left in zip(inside, outside, strict=False)]
    return [*lanes, Lane("rows", rows, note=f"{len(rows)} on their way out")] if lanes else []


def _lane(name: str, events: Sequence[Event]) -> Lane:
    at = {e.kind: e.t for e in events if e["layer"] == name}
    entered, returned, left = at[Kind.LAYER_ENTERED], at.get(Kind.LAYER_RETURNED), at.get(Kind.LAYER_LEFT)
    stretches = [Stretch(entered, returned, BarKind.WORKING)]
    if returned is not None and left is not None:
        stretches.append(Stretch(returned, left, BarKind.WAITING))
    last = left or returned
    note = (
        "" if last is None else f"in {(last - entered) * 1000:.0f} ms" if left else f"{(last - entered) * 1000:.1f} ms"
    )
    return Lane(name, stretches, note=note)
