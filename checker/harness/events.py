"""The kinds of events of a run, and what those must hold that are told from inside the learner's process.

An exercise's own programs (checker/STAGE/NAME/inside/) tell kinds of their own, which are enums of their rooms. The
probe runs beside code that nobody knows and imports nothing of ours: a test holds its words against these.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class EventKind(StrEnum):
    """What can happen in a run, by who tells it."""

    # the checks' clients: http.py, websocket.py
    REQUEST_SENT = "request.sent"
    REQUEST_FIRST_BYTE = "request.first_byte"
    REQUEST_ANSWERED = "request.answered"
    REQUEST_BROKEN = "request.broken"
    REQUEST_LEFT = "request.left"
    SOCKET_OPENING = "socket.opening"
    SOCKET_OPENED = "socket.opened"
    SOCKET_REFUSED = "socket.refused"
    SOCKET_SENT = "socket.sent"
    SOCKET_RECEIVED = "socket.received"
    SOCKET_CLOSED = "socket.closed"

    # the Gate: gate.py
    GATE_PLACED = "gate.placed"
    GATE_ARRIVED = "gate.arrived"
    GATE_RELEASED = "gate.released"
    GATE_LEFT = "gate.left"

    # whoever starts, stops and looks after processes
    SITE_PROBED = "site.probed"
    PROCESS_STARTED = "process.started"
    PROCESS_SIGNALLED = "process.signalled"
    PROCESS_KILLED = "process.killed"
    PROCESS_ENDED = "process.ended"
    PROCESS_LEFT = "process.left"
    PROGRAM_LINE = "program.line"
    GUARD_KILLED = "guard.killed"
    OPEN_FILES_OUT = "open_files.out"
    CONTAINER_STOPPING = "container.stopping"
    SYSTEMD_NOTIFIED = "systemd.notified"
    SYSTEMD_RELOAD = "systemd.reload"

    # the grader: reporter.py, picture.py, seed.py
    CHECK_STARTED = "check.started"
    CHECK_ENDED = "check.ended"
    PICTURE_LANES = "picture.lanes"
    PICTURE_CHART = "picture.chart"
    PICTURE_MISSING = "picture.missing"
    SEED_DRAWN = "seed.drawn"

    # the probe, inside the learner's server: checker/probe/learn_probe
    APP_IMPORTING = "app.importing"
    APP_IMPORT_FAILED = "app.import_failed"
    APP_LOADED = "app.loaded"
    APP_ENTERED = "app.entered"
    APP_LEFT = "app.left"
    APP_RAISED = "app.raised"
    LOOP_STALLED = "loop.stalled"
    LOOP_RESUMED = "loop.resumed"
    LOOP_CALLED = "loop.called"

    # inside the Python programs of a container: checker/harness/containers/inside
    CONTAINER_OPENED = "container.opened"
    CONTAINER_BOUND = "container.bound"


Facts = Mapping[str, type]

_ERROR = {"type": str, "message": str, "traceback": str}
_ADDRESS = {"host": str, "port": int}

# What each of these must hold besides `pid` and `server`, and of what type. The learner's code can write to the same
# socket: what is read as a number later has to be one when it comes in. A room's kinds.py has the like for its own.
TOLD_FROM_INSIDE: Mapping[EventKind, Facts] = {
    EventKind.APP_IMPORTING: {"seconds": float},
    EventKind.APP_IMPORT_FAILED: _ERROR,
    EventKind.APP_LOADED: {"interface": str, "seconds": float},
    EventKind.APP_ENTERED: {"request": str, "path": str, "scope": str, "thread": int, "loop": bool},
    EventKind.APP_LEFT: {"request": str},
    EventKind.APP_RAISED: {"request": str, **_ERROR},
    EventKind.LOOP_STALLED: {"top": str, "stack": list, "state": str},
    EventKind.LOOP_RESUMED: {"ms": float},
    EventKind.LOOP_CALLED: {"call": str},
    EventKind.CONTAINER_OPENED: _ADDRESS,
    EventKind.CONTAINER_BOUND: _ADDRESS,
}
FROM_EVERYBODY: Facts = {"pid": int, "server": str}
# Those that may be missing, or be None.
_OPTIONAL: Mapping[str, type] = {"status": int, "where": dict}
_PLACE: Facts = {"file": str, "line": int, "function": str, "doing": str}

MOST_CHARACTERS = 20_000  # a whole traceback: errors.py
MOST_LINES = 100  # a stack has 12: frames.py
MOST_NUMBER = 1e12


def is_sound(kind: str, facts: Mapping[str, Any], further: Mapping[str, Facts]) -> bool:
    """Whether an event from inside can be read without surprise: `further` are the kinds of the exercise's own."""
    wanted = further.get(kind) if kind not in _KINDS else TOLD_FROM_INSIDE.get(EventKind(kind))
    if wanted is None:
        return False
    place = facts.get("where")
    return (
        all(name in facts and _is(facts[name], of) for name, of in {**FROM_EVERYBODY, **wanted}.items())
        and all(facts.get(name) is None or _is(facts[name], of) for name, of in _OPTIONAL.items())
        and (place is None or (place.keys() == _PLACE.keys() and all(_is(place[n], of) for n, of in _PLACE.items())))
        and all(_is_plain(fact) for name, fact in facts.items() if name != "where")
    )


_KINDS = frozenset(EventKind)


def _is(fact: object, of: type) -> bool:
    """Whether it is of this type, and no larger than a probe would tell it. A whole number will do for a float."""
    if isinstance(fact, bool) or of in (bool, dict):
        return of is not int and isinstance(fact, of)
    return isinstance(fact, (int, float) if of is float else of) and _is_plain(fact)


def _is_plain(fact: object) -> bool:
    match fact:
        case str():
            return len(fact) <= MOST_CHARACTERS
        case bool() | None:
            return True
        case int() | float():
            return abs(fact) <= MOST_NUMBER  # never so for NaN
        case list():
            return len(fact) <= MOST_LINES and all(isinstance(line, str) and _is_plain(line) for line in fact)
        case _:
            return False
