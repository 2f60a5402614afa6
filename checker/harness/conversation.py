"""Builds the picture of a check in which WebSockets talked, from the history: who said what, and whom it reached.

A frame stands where the check's client sent or read it, which may be later than it came. Through which server it went
the probe tells, or the harness, which opened the socket; where nobody does, no way is drawn.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from checker.harness.events import EventKind
from checker.harness.history import Event, History
from checker.harness.traffic import STOPPED, deaths
from course.pictures import Conversation, Message, MessageKind
from course.shared.telling import most_telling

MOST_MESSAGES = 12
REPEATED_FROM = 3
KEYS_SHOWN = 2  # of an object with more, the values speak for themselves
LONGEST_VALUE = 32

_TALK = (EventKind.SOCKET_SENT, EventKind.SOCKET_RECEIVED, EventKind.SOCKET_REFUSED, EventKind.PICTURE_MISSING)

# The events that have a row, and of what kind.
_ROWS: Mapping[str, MessageKind] = {
    EventKind.SOCKET_OPENED: MessageKind.HEARD,
    EventKind.SOCKET_REFUSED: MessageKind.CLOSED,
    EventKind.SOCKET_SENT: MessageKind.SAID,
    EventKind.SOCKET_RECEIVED: MessageKind.HEARD,
    EventKind.SOCKET_CLOSED: MessageKind.CLOSED,
    EventKind.REQUEST_SENT: MessageKind.SAID,
    EventKind.REQUEST_ANSWERED: MessageKind.HEARD,
    EventKind.APP_RAISED: MessageKind.CLOSED,
    EventKind.PICTURE_MISSING: MessageKind.MISSING,
}


def conversation(history: History, *, since: float, until: float) -> Conversation | None:
    """What was said between these moments, in `MOST_MESSAGES` rows; None where no socket talked."""
    events = history.events()
    window = [event for event in events if since <= event.t <= until]
    if not any(event.kind in _TALK for event in window):
        return None
    told = _Told(events, since)
    rows = [(event.t, row) for event in window if (row := told.row(event)) is not None]
    rows += [(end.at, told.death(end.name, end.how)) for end in deaths(window) if end.how != STOPPED]
    rows.sort(key=lambda row: row[0])
    start, all_count = rows[0][0], len(rows)
    rows = _without_repeats(rows)
    parties = [via for via in dict.fromkeys(told.servers) if any(via == message.via for _, message in rows)]
    names = dict(zip(parties, _without_prefix(parties), strict=True))
    messages = [
        Message(
            round((at - start) * 1000, 1),
            names.get(message.by, message.by.removeprefix(f"{message.via} ")),
            names.get(message.via, ""),
            message.kind,
            message.text,
        )
        for at, message in rows
    ]
    shown = most_telling(messages, MOST_MESSAGES)
    return Conversation(tuple(names.values()), shown, left_out=all_count - len(shown))


def shown_frame(frame: Any) -> str:
    """A frame in few words: `op: join, room: lobby`, `say · lobby · hello`; what is no JSON object as it is."""
    if isinstance(frame, str):
        with suppress(ValueError, RecursionError):
            frame = json.loads(frame)
    if not isinstance(frame, Mapping):
        return _short(frame)
    if len(frame) > KEYS_SHOWN:
        return " · ".join(_short(value) for value in frame.values())
    return ", ".join(f"{_short(key)}: {_short(value)}" for key, value in frame.items())


class _Told:
    """Who is who in the events of a run: sockets and requests by their ids, servers by what let them in."""

    def __init__(self, events: Sequence[Event], since: float) -> None:
        self._by: dict[str, str] = {}
        self._via: dict[str, str] = {}
        self._ended: set[str] = set()
        counts: dict[str, int] = {}
        for event in events:
            match event.kind:
                case EventKind.SOCKET_OPENING:
                    label = str(event["label"])
                    counts[label] = counts.get(label, 0) + (event.t >= since)
                    self._by[event["socket"]] = label if counts[label] <= 1 else f"{label} ({counts[label]})"
                    self._via[event["socket"]] = str(event.get("server") or "")
                case EventKind.REQUEST_SENT:
                    self._by[event["request"]] = str(event["method"])
                case EventKind.APP_ENTERED if event["request"] in self._by:
                    self._via[event["request"]] = str(event["server"])
        self.servers = sorted(filter(None, self._via.values()))

    def death(self, name: str, how: str) -> Message:
        """The row of a process that ended."""
        return Message(0, name, name, MessageKind.CLOSED, how)

    def row(self, event: Event) -> Message | None:
        """The row of this event, where it has one."""
        id_ = str(event.get("socket") or event.get("request") or "")
        kind = _ROWS.get(event.kind)
        if kind is None or id_ not in self._by:
            return None
        if event.kind == EventKind.SOCKET_CLOSED:
            if id_ in self._ended:  # told at each look at it
                return None
            self._ended.add(id_)
        return Message(0, self._by[id_], self._via.get(id_, ""), kind, _words(event))


def _words(event: Event) -> str:
    match event.kind:
        case EventKind.SOCKET_OPENED:
            return "accepted"
        case EventKind.SOCKET_REFUSED:
            return f"refused {event['status'] or ''}".rstrip()
        case EventKind.SOCKET_CLOSED:
            return "cut off" if event.get("cut") else f"closed {event['code']}"
        case EventKind.REQUEST_SENT:
            return f"{event['path']} {shown_frame(event['body']) if event.get('body') else ''}".rstrip()
        case EventKind.REQUEST_ANSWERED:
            return f"status {event['status']}"
        case EventKind.APP_RAISED:
            return f"{event['type']} in {event.where.file}:{event.where.line}" if event.where else str(event["type"])
        case _:
            return shown_frame(event["frame"])


def _without_repeats(rows: Sequence[tuple[float, Message]]) -> list[tuple[float, Message]]:
    """Of a question that was asked over and over, and answered alike, the last time alone: a check was waiting."""
    exchanges: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    asked: dict[str, int] = {}
    for at, (_, row) in enumerate(rows):
        if row.kind is MessageKind.SAID:
            asked[row.by] = at
        elif row.kind is MessageKind.HEARD and (question := asked.pop(row.by, None)) is not None:
            exchanges.setdefault((row.by, rows[question][1].text, row.text), []).append((question, at))
    dropped = {at for pairs in exchanges.values() if len(pairs) >= REPEATED_FROM for pair in pairs[:-1] for at in pair}
    return [row for at, row in enumerate(rows) if at not in dropped]


def _without_prefix(names: Sequence[str]) -> list[str]:
    """`one`, `two` of `uvicorn-one`, `uvicorn-two`."""
    has_one = len(names) > 1 and len({name.rpartition("-")[0] for name in names}) == 1
    return [name.rpartition("-")[2] if has_one else name for name in names]


def _short(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_short(each) for each in value)}]"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split()) or '""'
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
