"""What the history's events come to: requests, visits of the app, stalls, sockets, deaths. Still no picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from checker.harness.events import EventKind
from checker.harness.history import Event

ENDINGS = (EventKind.REQUEST_ANSWERED, EventKind.REQUEST_BROKEN, EventKind.REQUEST_LEFT)
STOPPED = "stopped"
FRAMES: Mapping[str, str] = {EventKind.SOCKET_SENT: "sent", EventKind.SOCKET_RECEIVED: "received"}


@dataclass(slots=True)
class Held:
    """A stretch in which a request's call was held at the Gate; `end` is None while it is."""

    tag: str
    place: str
    start: float
    end: float | None = None


@dataclass(slots=True)
class Visit:
    """One request, as its visitor and the app saw it; `None` for what has not happened. All times in seconds."""

    request: str
    label: str
    sent: float | None = None
    entered: float | None = None
    left: float | None = None
    ended: float | None = None
    ending: str = ""
    status: int | None = None
    pid: int = 0
    thread: int = 0
    is_asgi: bool = False
    path: str = ""
    held: list[Held] = field(default_factory=list)

    def may_call(self, tag: str, moment: float) -> bool:
        """Whether a call of the Gate with this tag may be its own: its path holds the tag, and it was under way."""
        is_under_way = self.sent is not None and self.sent <= moment and (self.ended is None or self.ended >= moment)
        return is_under_way and tag in self.path.split("/")

    def holds_its_slot_at(self, moment: float) -> bool:
        """Whether it was in the app then."""
        return self.entered is not None and self.entered <= moment and (self.left is None or self.left > moment)


@dataclass(slots=True)
class Stall:
    """A stretch in which an event loop stood still; `end` is None while it does."""

    pid: int
    start: float
    place: str
    end: float | None = None


@dataclass(slots=True)
class Connection:
    """A WebSocket as its visitor saw it."""

    label: str
    opening: float
    opened: float | None = None
    closed: float | None = None
    ending: str = ""
    frames: list[tuple[float, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Death:
    """A process that ended, and how, in one word or two."""

    pid: int
    name: str
    at: float
    how: str


def visits(events: Sequence[Event]) -> list[Visit]:
    """Every HTTP request, in the order they were sent. A request that passes two apps (nginx) has two visits."""
    all_visits: list[Visit] = []
    by_id: dict[str, list[Visit]] = {}
    for event in events:
        request = str(event.get("request") or "")
        mine = by_id.setdefault(request, [])
        match event.kind:
            case EventKind.REQUEST_SENT:
                mine.append(Visit(request, str(event["label"] or event["path"]), sent=event.t, path=str(event["path"])))
                all_visits.append(mine[-1])
            case EventKind.APP_ENTERED if event["scope"] != "websocket":
                if not request or not mine or mine[-1].entered is not None:
                    mine.append(Visit(request, mine[0].label if request and mine else str(event["path"])))
                    all_visits.append(mine[-1])
                visit = mine[-1]
                visit.entered, visit.pid, visit.thread = event.t, int(event["pid"]), int(event["thread"])
                visit.is_asgi = event["scope"] == "http"
            case EventKind.APP_LEFT:
                for visit in mine:
                    if visit.pid == event["pid"] and visit.left is None:
                        visit.left = event.t
                        break
            case kind if kind in ENDINGS and mine and mine[0].ended is None:
                mine[0].ended, mine[0].ending, mine[0].status = event.t, kind.partition(".")[2], event.get("status")
    _add_held(events, all_visits)
    return all_visits


def _add_held(events: Sequence[Event], all_visits: Sequence[Visit]) -> None:
    """Note the calls that were held at the Gate, where the check has said what it plays."""
    place = ""
    for event in events:
        match event.kind:
            case EventKind.GATE_PLACED:
                place = str(event["place"])
            case EventKind.GATE_ARRIVED if place:
                caller = next((v for v in all_visits if v.may_call(str(event["tag"]), event.t)), None)
                if caller is not None:
                    caller.held.append(Held(str(event["tag"]), place, event.t))
            case EventKind.GATE_RELEASED | EventKind.GATE_LEFT:
                call = next((h for v in all_visits for h in v.held if h.tag == event["tag"] and h.end is None), None)
                if call is not None:
                    call.end = event.t


def stalls(events: Sequence[Event]) -> list[Stall]:
    """Every stall, in the order they were noticed."""
    found: list[Stall] = []
    for event in events:
        if event.kind == EventKind.LOOP_STALLED and (place := event.where) is not None:
            found.append(Stall(int(event["pid"]), event.t, f"{place.file.rpartition('/')[2]}:{place.line}"))
        elif event.kind == EventKind.LOOP_RESUMED:
            for stall in reversed(found):
                if stall.pid == event["pid"] and stall.end is None:
                    stall.end = event.t
                    # The watchdog notices a stall a little after it began; its length is known when it is over.
                    stall.start = min(stall.start, event.t - float(event["ms"]) / 1000)
                    break
    return found


def connections(events: Sequence[Event]) -> list[Connection]:
    """Every WebSocket, in the order they were opened."""
    by_id: dict[str, Connection] = {}
    for event in events:
        if event.kind == EventKind.SOCKET_OPENING:
            by_id[event["socket"]] = Connection(str(event["label"]), event.t)
        connection = by_id.get(event.get("socket"))
        if connection is None:
            continue
        match event.kind:
            case EventKind.SOCKET_OPENED:
                connection.opened = event.t
            case EventKind.SOCKET_REFUSED:
                connection.closed, connection.ending = event.t, f"refused {event['status'] or ''}".rstrip()
            case EventKind.SOCKET_CLOSED if connection.closed is None:
                connection.closed, connection.ending = event.t, f"closed {event['code']}"
            case kind if kind in FRAMES:
                connection.frames.append((event.t, FRAMES[kind]))
    return list(by_id.values())


def deaths(events: Sequence[Event]) -> list[Death]:
    """Every process that ended: servers that were stopped or broke, and what was killed on purpose."""
    found = []
    for event in events:
        if event.kind in (EventKind.PROCESS_ENDED, EventKind.PROCESS_KILLED, EventKind.GUARD_KILLED):
            name = str(event.get("name") or event.get("server") or f"pid {event['pid']}")
            found.append(Death(int(event["pid"]), name, event.t, _how(event)))
    return found


def _how(event: Event) -> str:
    code = event.get("returncode")
    if event.kind != EventKind.PROCESS_ENDED or code == -9:
        return "killed"
    return STOPPED if code in (0, -2, -15) else f"exit code {code}"
