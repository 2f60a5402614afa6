"""What is told of one visit: its id, on the answer and inside, and its line in the journal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from checker.harness.findings import fail
from checker.harness.http import Exchange, Stream
from checker.harness.websocket import WebSocket
from checker.stage_5.asgi_middleware.market import HEADER, TRACING, Market

ID = re.compile(r"[A-Za-z0-9-]{1,64}")


def expect_id(
    market: Market,
    what: str,
    told: str | None,
    inside: object,
    *,
    brought: str = "",
    refused: str = "",
    met: AbstractSet[str] = frozenset(),
) -> str:
    """The id of a visit, told in its answer: the one it has brought, or a new one; the market knows it by the same."""
    is_socket = "socket" in what
    where = market.line(
        TRACING, r"websocket\.accept" if is_socket else r"http\.response\.start", "x-request-id", "def __call__"
    )
    if not told:
        wanted = f"the answer to {what} says its id in {HEADER}"
        fail("id-missing", wanted=wanted, saw=f"no {HEADER}", where=where)
    reading = market.line(TRACING, r"scope\[.headers.\]", r"headers", r"x-request-id")
    if brought and told != brought:
        at_once = "beside others" in what
        wanted = f"{what} that brings an id keeps it: {HEADER}: {brought}"
        code = "id-mixed-up" if at_once else "id-not-taken"
        fail(code, wanted=wanted, saw=f"{HEADER}: {told}", where=market.line(TRACING, r"self\.\w*id\w* =") or reading)
    if refused and told == refused:
        wanted = f"what is no id (1 to 64 letters, digits and hyphens) is replaced by a new one: {refused[:20]!r}"
        fail(
            "id-not-checked", wanted=wanted, saw=f"it is told, and written to the journal: {told[:20]!r}", where=reading
        )
    if not brought and (not ID.fullmatch(told) or told in met):
        wanted = f"{what} that brings none gets a new id, of 1 to 64 letters, digits and hyphens"
        fail(
            "id-not-made",
            wanted=wanted,
            saw=f"{HEADER}: {told[:70]}{', once more' if told in met else ''}",
            where=reading,
        )
    if inside != told:
        wanted = f"the market finds the id of {what} in its scope: trace_id is {told}"
        fail(
            "id-not-inside",
            wanted=wanted,
            saw=f"trace_id is {inside}",
            where=market.line(TRACING, r"\(scope, receive, (?!send)", r"trace_id"),
        )
    return told


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
        saw = f"its line is there: status {lines[0]['status']}"
        fail("line-too-early", wanted=wanted, saw=saw, where=market.line(TRACING, r"\bnote\("))


def _words(line: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in line.items())
