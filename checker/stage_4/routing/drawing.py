"""The route table as the server sees it: which routes took the paths of this run, level by level, and who answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from checker.harness.events import EventKind
from checker.harness.history import History
from checker.harness.picture import Picture
from checker.stage_4.routing.kinds import Kind
from course.pictures import Value

TITLE = "the route table under uvicorn, and how many handshakes took which way"
EMPTY, NONE = "''", "no route"
INDENT = "  "
_HELLOS = ("RoomConsumer", "FeedConsumer")


@dataclass(slots=True)
class Branch:
    """A route at its level, with the paths that it took, and the routes that took the rest of them."""

    count: int = 0
    rest: str = ""  # of the first path
    ends: dict[str, None] = field(default_factory=dict)  # how the paths ended that went no further
    below: dict[str, Branch] = field(default_factory=dict)


def draw_routes(history: History, picture: Picture) -> None:
    """A bar for each route, below the one that led to its router."""
    trunk = Branch()
    for request, steps in _ways(history).items():
        branch = trunk
        for route, rest in steps:
            branch = branch.below.setdefault(route, Branch(rest=rest))
            branch.count += 1
        if branch is trunk:  # no router of Channels' was asked
            branch = trunk.below.setdefault("asgi.py", Branch())
            branch.count += 1
        branch.ends[_end(history, request)] = None
    picture.chart(TITLE, "paths", _values(trunk.below, 0))


def _ways(history: History) -> dict[str, list[tuple[str, str]]]:
    """The steps of each handshake at the tower's own address: (route, rest)."""
    ways: dict[str, list[tuple[str, str]]] = {
        e["socket"]: [] for e in history.events(EventKind.SOCKET_OPENING) if e["server"] == "uvicorn"
    }
    for event in history.events(Kind.TOOK, Kind.NONE):
        if event["request"] in ways:
            route = NONE if event.kind == Kind.NONE else str(event["route"]) or EMPTY
            ways[event["request"]].append((route, str(event.get("rest") or "")))
    return ways


def _end(history: History, request: str) -> str:
    """Who answered: the consumer that said hello, or what it was refused by."""
    end = ""
    for event in history.events(EventKind.SOCKET_REFUSED, EventKind.SOCKET_RECEIVED, EventKind.SOCKET_CLOSED):
        if event["socket"] != request:
            continue
        match event.kind:
            case EventKind.SOCKET_REFUSED:
                return f"refused with {event['status']}"
            case EventKind.SOCKET_RECEIVED:
                end = end or next((name for name in _HELLOS if name in str(event["frame"])), "")
            case _:
                end = end or f"closed with {event['code']}"
    return end


def _values(branches: dict[str, Branch], depth: int) -> Iterator[Value]:
    for route, branch in branches.items():
        note = ", ".join(filter(None, branch.ends)) or _left(list(branch.below), branch.rest)
        yield Value(INDENT * depth + route, branch.count, note)
        yield from _values(branch.below, depth + 1)


def _left(below: Sequence[str], rest: str) -> str:
    return f"leaves, say, {rest!r}" if below else ""
