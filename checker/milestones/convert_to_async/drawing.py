"""One page of rates before and after: when each of its suppliers was being asked."""

from __future__ import annotations

from collections.abc import Mapping

from checker.harness.history import History
from checker.harness.picture import Lane, Picture, calls


def draw_pages(picture: Picture, history: History, parts: Mapping[str, str], since: float, start_s: float) -> None:
    """A lane for each call made since then, page by page as `parts` names them: from `start_s` on."""
    made = calls(history, since=since)
    lanes = []
    for when, part in parts.items():
        for call in made:
            if call.name.startswith(f"{part}-"):
                supplier = call.name.removeprefix(f"{part}-")
                lanes.append(Lane(f"{when} {supplier}", call.stretches, note=call.note))
    title = "One page of rates: as it was issued, and as it is now" if len(parts) > 1 else "One page of rates"
    picture.lanes(title, lanes, start_s=start_s)
