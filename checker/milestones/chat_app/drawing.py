"""One message on its way, from the run's own events: from a browser through process, store and Valkey to another."""

from __future__ import annotations

from checker.harness.events import EventKind
from checker.harness.history import Event, History
from checker.harness.picture import Lane, Picture, Stretch
from checker.milestones.chat_app.kinds import Kind, Step
from checker.milestones.chat_app.talker import Talker


def draw_way(picture: Picture, history: History, speaker: Talker, listener: Talker, since: float) -> None:
    """The way of the message that was said since then; of what was not told, there is no lane."""
    steps = history.events(Kind.STEP, since=since)
    sent = _first(history.events(EventKind.SOCKET_SENT, since=since), socket=speaker.id)
    taken = _first(steps, step=Step.TAKES)
    if sent is None or taken is None:
        return
    here = [event for event in steps if event["server"] == taken["server"]]
    there = [event for event in steps if event["server"] != taken["server"]]
    wrote = [event for event in here if event["step"] == Step.WRITES]
    rings, rung = _first(here, step=Step.RINGS), _first(here, step=Step.RUNG)
    heard, sends = _first(there, step=Step.HEARS), _first(there, step=Step.SENDS)
    acked = _received(history, speaker, since, '"ack"')
    got = _received(history, listener, since, '"from"')
    lanes = [Lane(f"browser {speaker.user}", _stretch(sent, acked), note="until it is acknowledged")]
    answered = _first(here, step=Step.SENDS)
    lanes.append(Lane(f"pid {taken['pid']}", _stretch(taken, answered), note="takes it, and answers"))
    if wrote:
        stored = rings if rings is not None and rings.t > wrote[-1].t else answered
        lanes.append(Lane("store", _stretch(wrote[0], stored), note="until it is committed"))
    if rings is not None:
        lanes.append(Lane("Valkey", _stretch(rings, heard or rung), note="rings"))
    if heard is not None:
        lanes.append(Lane(f"pid {heard['pid']}", _stretch(heard, sends), note="looks, and sends it"))
    if sends is not None:
        lanes.append(Lane(f"browser {listener.user}", _stretch(sends, got), note="shows it"))
    picture.lanes("the way of one message", lanes)


def _first(events: list[Event], **facts: object) -> Event | None:
    return next((event for event in events if all(event.get(name) == fact for name, fact in facts.items())), None)


def _received(history: History, talker: Talker, since: float, words: str) -> Event | None:
    events = history.events(EventKind.SOCKET_RECEIVED, since=since)
    return next((e for e in events if e["socket"] == talker.id and words in e["frame"]), None)


def _stretch(begins: Event, ends: Event | None) -> list[Stretch]:
    return [] if ends is None else [Stretch(begins.t, max(begins.t, ends.t))]
