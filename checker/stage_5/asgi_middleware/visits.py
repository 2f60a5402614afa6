"""What is told of one visit: its id, on the answer and inside, and its line in the journal."""

from __future__ import annotations

import re
from collections.abc import Mapping

from checker.harness.findings import fail
from checker.harness.http import Exchange, Stream
from checker.harness.websocket import WebSocket
from checker.stage_5.asgi_middleware.market import HEADER, TRACING, Market

ID = re.compile(r"[A-Za-z0-9-]{1,64}")
# Where the id that was brought is looked for.
READING = (r"scope\[.headers.\]", r"headers", r"x-request-id")
PAGE, SOCKET = "a page", "a socket"


def expect_kept(market: Market, what: str, told: str | None, brought: str, code: str = "id-not-taken") -> None:
    """A visit that has brought an id is told the same."""
    if _told(market, what, told) != brought:
        wanted = f"{what} that brings an id keeps it: {HEADER}: {brought}"
        where = market.line(TRACING, r"self\.\w*id\w* =", *READING)
        fail(code, wanted=wanted, saw=f"{HEADER}: {told}", where=where)


def expect_new(market: Market, what: str, told: str | None, given: str, met: set[str]) -> None:
    """A visit that has brought none, or what is none, is told a new one; it is added to those that were `met`."""
    new, where = _told(market, what, told), market.line(TRACING, *READING)
    if given and new == given:
        wanted = f"what is no id (1 to 64 letters, digits and hyphens) is replaced by a new one: {given[:20]!r}"
        saw = f"it is told, and written to the journal: {new[:20]!r}"
        fail("id-not-checked", wanted=wanted, saw=saw, where=where)
    if not ID.fullmatch(new) or new in met:
        wanted = f"{what} that brings none gets a new id, of 1 to 64 letters, digits and hyphens"
        saw = f"{HEADER}: {new[:70]}{', once more' if new in met else ''}"
        fail("id-not-made", wanted=wanted, saw=saw, where=where)
    met.add(new)


def expect_inside(market: Market, what: str, told: str | None, inside: object) -> None:
    """The market has found the same id in its scope."""
    if inside != told:
        wanted = f"the market finds the id of {what} in its scope: trace_id is {told}"
        where = market.line(TRACING, r"\(scope, receive, (?!send)", r"trace_id")
        fail("id-not-inside", wanted=wanted, saw=f"trace_id is {inside}", where=where)


def expect_line(
    market: Market,
    id: str,  # noqa: A002
    visit: Exchange | Stream | WebSocket,
    **said: str | int,
) -> None:
    """The journal has one line about this visit, which ends, and it says this: `kind`, `path`, `status`."""
    market.wait_left(visit)
    market.settle()
    lines = market.lines(id)
    wanted = f"one line about the visit, when it is over: {_words(said)}"
    where = market.line(TRACING, r"\bnote\(", r"async def __call__")
    if not lines:
        fail("line-missing", wanted=wanted, saw="the visit is over, and the journal has no line about it", where=where)
    if len(lines) > 1:
        fail("line-twice", wanted=wanted, saw=f"{len(lines)} lines", where=where)
    if any(lines[0].get(name) != value for name, value in said.items()):
        fail("line-untrue", wanted=wanted, saw=_words({name: lines[0].get(name) for name in said}), where=where)


def expect_no_line_yet(market: Market, id: str, what: str) -> None:  # noqa: A002
    """The visit goes on: it is not noted before."""
    market.settle()
    if lines := market.lines(id):
        wanted = f"{what} is noted when it is over"
        saw = f"its line is there: status {lines[0].get('status')}"
        fail("line-too-early", wanted=wanted, saw=saw, where=market.line(TRACING, r"\bnote\("))


def _told(market: Market, what: str, told: str | None) -> str:
    """The id in the answer, which has to be there."""
    if not told:
        message = r"websocket\.accept" if what == SOCKET else r"http\.response\.start"
        where = market.line(TRACING, message, "x-request-id", "def __call__")
        fail("id-missing", wanted=f"the answer to {what} says its id in {HEADER}", saw=f"no {HEADER}", where=where)
    return told


def _words(line: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in line.items())
