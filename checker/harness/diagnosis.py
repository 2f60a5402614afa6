"""Why a server did not answer as it should, told from the history, the process and its log.

These are the diagnoses every exercise can meet; their hints are in exercises/hints.toml.
"""

from __future__ import annotations

import http.client
from enum import StrEnum
from typing import Protocol

from checker.harness import tracebacks
from checker.harness.events import EventKind
from checker.harness.findings import NotYet
from checker.harness.history import Event
from checker.harness.http import Answer, Exchange
from checker.harness.processes import Process
from checker.harness.run import Run
from checker.harness.tracebacks import Traceback
from checker.harness.waiting import wait_until
from checker.harness.websocket import WebSocket
from course.model import Finding, SourceLine

LAST_LINES = 8
STALL_DEADLINE_S = 2.0
LAST_WORDS_DEADLINE_S = 2.0
SHOWN_HEADERS = 4
_EVERY_HEAD_HAS = frozenset({"date", "server", "connection", "transfer-encoding"})


class Examined(Protocol):
    """What a diagnosis looks at: a server's record, process and log."""

    @property
    def name(self) -> str:
        """Its name in the history."""
        ...

    @property
    def run(self) -> Run:
        """The run it belongs to."""
        ...

    @property
    def process(self) -> Process:
        """The master."""
        ...


def did_not_answer(server: Examined, exchange: Exchange, deadline_s: float) -> NotYet:
    """The first request got no answer: a server that died, hangs in an import, or hangs in the view."""
    wanted = f"{server.name} starts on your project and answers {exchange.path}"
    return (
        _dead(server, wanted)
        or _importing(server, wanted)
        or _stalled(server, wanted)
        or broken_off(server, exchange, wanted)
        or _raised(server, wanted, exchange.id)
        or _inside(server, wanted, exchange, deadline_s)
        or _not_yet(
            "server-never-answered",
            wanted,
            _with_log(server, f"no answer to {exchange.path} within {deadline_s:.0f} s of its start"),
        )
    )


def no_answer(server: Examined, exchange: Exchange, deadline_s: float) -> NotYet:
    """A request to a server that has answered before got no answer, or a broken connection."""
    wanted = f"an answer to {exchange.path}"
    return (
        _dead(server, wanted)
        or _stalled(server, wanted)
        or broken_off(server, exchange, wanted)
        or _raised(server, wanted, exchange.id)
        or _inside(server, wanted, exchange, deadline_s)
        or _not_yet("no-answer", wanted, f"silence for {deadline_s:.0f} s: the request never reached your code")
    )


def broken_off(server: Examined, exchange: Exchange, wanted: str) -> NotYet | None:
    """The finding for an answer that broke off: how far it came, and the error that did it; None when it did not.

    The error is the one that the probe saw, or else the last that the server's log tells since the request.
    """
    if not exchange.is_broken:
        return None
    event, logged = wait_until(lambda: _error_of(server, exchange), LAST_WORDS_DEADLINE_S) or (None, None)
    arrived = _arrived(exchange)
    if event is not None:
        return error_finding(event, wanted, f"{arrived}: ")
    if logged is None:
        return _not_yet("answer-broken-off", wanted, arrived)
    return _not_yet("answer-broken-off", wanted, f"{arrived}; {server.name}'s log: {logged.error}", logged.where)


def server_error(server: Examined, exchange: Exchange, answer: Answer) -> NotYet:
    """An answer of 500 or more: the learner's own line and message where the probe saw the error."""
    wanted = f"{exchange.path} answers without an error"
    event, logged = wait_until(lambda: _error_of(server, exchange), LAST_WORDS_DEADLINE_S) or (None, None)
    if event is not None:
        return error_finding(event, wanted, f"status {answer.status}: ")
    if logged is not None:
        return _not_yet("server-error", wanted, f"status {answer.status}: {logged.error}", logged.where)
    return _not_yet("server-error", wanted, _with_log(server, f"status {answer.status}: {answer.text[:200]!r}"))


def handshake_refused(server: Examined, socket: WebSocket) -> NotYet:
    """A WebSocket that should have opened did not."""
    wanted = f"the WebSocket {socket.label} is accepted by {server.name}"
    status = f"the handshake got status {socket.refused}" if socket.refused else "the handshake got no answer"
    return (
        _dead(server, wanted)
        or _raised(server, wanted, "", f"{status}: ")
        or _stalled(server, wanted)
        or _not_yet("handshake-refused", wanted, _with_log(server, status))
    )


def wait_blocked_loop(server: Examined, *, since: float = 0.0, deadline_s: float = STALL_DEADLINE_S) -> Event | None:
    """The first stall of one of this server's event loops since then; waits a moment for the watchdog to be sure."""
    return server.run.history.wait_for(
        EventKind.LOOP_STALLED, lambda e: bool(e["server"] == server.name), since=since, deadline_s=deadline_s
    )


def loop_blocked(stall: Event, wanted: str) -> NotYet:
    """The finding for a stall: the event loop stood still in a line of the learner's."""
    place = stall.where
    line = f"{place.file}:{place.line} {place.function}()" if place else str(stall["top"])
    doing = "computing" if stall["state"] == "computing" else "waiting"
    saw = f"the event loop stood still, {doing} in {line}: nobody else was served"
    return _not_yet("loop-blocked", wanted, saw, place)


def seen(server: Examined, *kinds: StrEnum, since: float = 0.0) -> list[Event]:
    """What the probe told of these kinds from inside this server."""
    return [e for e in server.run.history.events(*kinds, since=since) if e.get("server") == server.name]


def raised(server: Examined, *, request: str = "", since: float = 0.0) -> Event | None:
    """The last unhandled error the probe saw in this server, for one request or for any."""
    errors = [e for e in seen(server, EventKind.APP_RAISED, since=since) if not request or e["request"] == request]
    return errors[-1] if errors else None


def wait_error(server: Examined, request: str) -> Event | None:
    """The error that this request met, waited for: the probe's word may come after the server's answer."""
    return server.run.history.wait_for(
        EventKind.APP_RAISED, lambda e: bool(e["request"] == request), deadline_s=LAST_WORDS_DEADLINE_S
    )


def error_finding(event: Event, wanted: str, before: str = "") -> NotYet:
    """The finding for an unhandled error of the learner's code."""
    code = "sync-only-operation" if event["type"] == "SynchronousOnlyOperation" else "server-error"
    group = f" (the first of an {event['group']})" if event.get("group") else ""
    return _not_yet(code, wanted, f"{before}{event['type']}: {event['message']}{group}", event.where)


def _dead(server: Examined, wanted: str) -> NotYet | None:
    history = server.run.history
    for greedy in history.events(EventKind.GUARD_KILLED):
        if greedy["server"] == server.name:
            return _not_yet(str(greedy["code"]), wanted, str(greedy["saw"]))
    if failed := seen(server, EventKind.APP_IMPORT_FAILED):
        saw = f"{failed[-1]['type']}: {failed[-1]['message']}"
        where = tracebacks.at_fault(saw, failed[-1].where, server.run.project, server.run.given)
        return _not_yet("import-error", wanted, saw, where)
    if server.process.wait(0.5) is None:
        return None
    server.process.log.wait_end(LAST_WORDS_DEADLINE_S)
    saw = _with_log(server, f"{server.name} {_ending(server.process.returncode)}")
    told = tracebacks.first(server.process.log.text, server.run.project, server.run.given)
    return _not_yet("server-exited", wanted, saw, told.where if told else None)


def _importing(server: Examined, wanted: str) -> NotYet | None:
    slow = seen(server, EventKind.APP_IMPORTING)
    if not slow or any(e["pid"] == slow[-1]["pid"] for e in seen(server, EventKind.APP_LOADED)):
        return None
    saw = f"your code was still being imported after {slow[-1]['seconds']:.0f} s"
    return _not_yet("endless-import", wanted, saw, slow[-1].where)


def _stalled(server: Examined, wanted: str) -> NotYet | None:
    resumed = seen(server, EventKind.LOOP_RESUMED)
    for stall in reversed(seen(server, EventKind.LOOP_STALLED)):
        if not any(e["pid"] == stall["pid"] and e.t > stall.t for e in resumed):
            return loop_blocked(stall, wanted)
    return None


def _error_of(server: Examined, exchange: Exchange) -> tuple[Event | None, Traceback | None] | None:
    """What went wrong with this request, by the probe, or else by the log; None when neither tells (yet)."""
    if (event := raised(server, request=exchange.id)) is not None:
        return event, None
    logged = tracebacks.last(server.process.log.since(exchange.log_mark), server.run.project, server.run.given)
    return None if logged is None else (None, logged)


def _arrived(exchange: Exchange) -> str:
    """How far a broken answer came."""
    if exchange.head is not None:
        return f"{_head(exchange)}, then the answer broke off after {exchange.received} bytes of its body"
    if isinstance(exchange.error, http.client.RemoteDisconnected):
        return "the connection was closed before any byte of an answer"
    if isinstance(exchange.error, OSError):
        return f"the connection was reset before any byte of an answer ({type(exchange.error).__name__})"
    return f"what came was no HTTP answer: {exchange.error!r}"


def _head(exchange: Exchange) -> str:
    if exchange.head is None:
        return "no head"
    status, headers = exchange.head
    told = [f"{name}: {value}" for name, value in headers.items() if name.lower() not in _EVERY_HEAD_HAS]
    return f"the head arrived ({', '.join([f'status {status}', *told[:SHOWN_HEADERS]])})"


def _inside(server: Examined, wanted: str, exchange: Exchange, deadline_s: float) -> NotYet | None:
    if exchange.head is not None:
        saw = f"{_head(exchange)}, {exchange.received} bytes of the body, and no end within {deadline_s:.0f} s"
        return _not_yet("no-answer", wanted, saw)
    if not any(e["request"] == exchange.id for e in seen(server, EventKind.APP_ENTERED)):
        return None
    saw = f"silence for {deadline_s:.0f} s: the request reached your code, which did not answer"
    return _not_yet("no-answer", wanted, saw)


def _raised(server: Examined, wanted: str, request: str, before: str = "") -> NotYet | None:
    event = raised(server, request=request)
    return None if event is None else error_finding(event, wanted, before)


def _ending(returncode: int | None) -> str:
    if returncode is not None and returncode < 0:
        return f"was ended by signal {-returncode}"
    return f"ended by itself with exit code {returncode}"


def _with_log(server: Examined, saw: str) -> str:
    lines = server.process.log.last_lines(LAST_LINES)
    return "\n".join([saw, *(f"  {line}" for line in lines)]) if lines else saw


def _not_yet(code: str, wanted: str, saw: str, where: SourceLine | None = None) -> NotYet:
    return NotYet(Finding(code=code, wanted=wanted, saw=saw, where=where))
