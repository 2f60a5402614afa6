"""One page of rates before and after: when each of its suppliers was being asked."""

from __future__ import annotations

from checker.harness.history import History
from checker.harness.picture import Lane, Picture, calls


def draw_before_and_after(picture: Picture, history: History, before: str, after: str, since: float) -> None:
    """A lane for each call: those of the page for the part `before`, then those for `after`."""
    made = calls(history, since=since)
    lanes = []
    for when, part in (("before", before), ("now", after)):
        for call in made:
            if call.name.startswith(f"{part}-"):
                supplier = call.name.removeprefix(f"{part}-")
                lanes.append(Lane(f"{when} {supplier}", call.stretches, note=call.note))
    picture.lanes("One page of rates: as it was issued, and as it is now", lanes)
