"""Server-Timing, held against what the check knows: each bound is true on any machine, however slow."""

from __future__ import annotations

import re
from dataclasses import dataclass

from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.history import History
from checker.harness.http import Answer, Exchange, Stream
from checker.stage_3.asgi_callable import places
from checker.stage_3.asgi_callable.board import Board

FORM = re.compile(r"app;\s*dur=(\d+(?:\.\d+)?)")
ROUNDING_MS = 1.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A page of this station under way."""

    station: str
    exchange: Exchange


def expect_timing(board: Board, answer: Answer | Stream, what: str) -> float:
    """The milliseconds that an answer tells: in one header, of this one form."""
    values = [value for name, value in answer.headers.items() if name.lower() == "server-timing"]
    found = FORM.fullmatch(values[0].strip()) if len(values) == 1 else None
    if found is None:
        wanted = f"under {board.name} {what} comes with one header `Server-Timing: app;dur=MS`, in milliseconds"
        saw = f"it came with {', '.join(map(repr, values))}" if values else "it came with none"
        fail("timing-missing", wanted=wanted, saw=saw, where=places.timing(board.server.run))
    return float(found[1])


def expect_opening_timed(board: Board, opener: Exchange) -> None:
    """Who waited for the feed to open is told so: the clock begins with the call, and not with Django's part of it."""
    told_ms = expect_timing(board, board.server.expect_answer(opener), opener.path)
    if told_ms < 1000 * board.opening_s - ROUNDING_MS:
        wanted = f"under {board.name} the time of {opener.path} holds the {1000 * board.opening_s:.0f} ms and more"
        wanted += " for which its visitor waited until the feed was open"
        saw = f"Server-Timing tells {told_ms:g} ms"
        fail("timing-wrong", wanted=wanted, saw=saw, where=places.timing(board.server.run))


def expect_bounds(board: Board, history: History, visit: Asked, answer: Answer) -> None:
    """At least as long as the feed held the page, at most as long as its visitor waited."""
    told_ms = expect_timing(board, answer, visit.exchange.path)

    def at(kind: EventKind, name: str, value: str) -> float:
        return next(e.t for e in history.events(kind) if e.get(name) == value)

    station, request = visit.station, visit.exchange.id
    held_ms = 1000 * (at(EventKind.GATE_RELEASED, "tag", station) - at(EventKind.GATE_ARRIVED, "tag", station))
    waited_ms = 1000 * (
        at(EventKind.REQUEST_ANSWERED, "request", request) - at(EventKind.REQUEST_SENT, "request", request)
    )
    if held_ms - ROUNDING_MS <= told_ms <= waited_ms + ROUNDING_MS:
        return
    wanted = f"{visit.exchange.path} took at least the {held_ms:.0f} ms for which the feed held it"
    wanted += f", and at most the {waited_ms:.0f} ms for which its visitor waited"
    saw = f"Server-Timing tells {told_ms:g} ms; another page was under way meanwhile"
    fail("timing-wrong", wanted=wanted, saw=saw, where=places.timing(board.server.run))
