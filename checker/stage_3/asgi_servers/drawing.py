"""What became of the open request under each server, on a clock that begins with the act."""

from __future__ import annotations

from collections.abc import Mapping

from checker.harness.events import EventKind
from checker.harness.history import History
from checker.harness.picture import Lane, Picture, Stretch
from checker.stage_3.asgi_servers.acts import Seen


def draw_acts(history: History, picture: Picture, seen: Mapping[str, Seen]) -> None:
    """A lane for each server: its open request from the act until its end."""
    word = next(iter(seen.values())).word
    ends = {e["request"]: e.t for e in history.events(EventKind.REQUEST_ANSWERED, EventKind.REQUEST_BROKEN)}
    lanes = []
    for name, act in seen.items():
        end = ends.get(act.exchange.id)
        lasted = 0.0 if end is None else max(end - act.at_s, 0.0)
        note = f"{act.request}; {act.server}" if act.saw else act.request
        lanes.append(Lane(name, [Stretch(0.0, lasted)], note=note))
    picture.lanes(f"the request that was open at {word}, from then on", lanes, start_s=0.0)
