"""What went wrong inside the learner's processes: told before what the clients saw of it."""

from __future__ import annotations

from typing import NoReturn

from checker.harness import diagnosis
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.history import Event
from checker.harness.http import ANSWER_DEADLINE_S, Exchange
from checker.harness.lines import line_matching
from checker.harness.server import Server
from checker.harness.unawaited import wait_unawaited
from checker.harness.websocket import WebSocket
from checker.stage_4.channel_layers import places

WARNED_WITHIN_S = 0.2
TOLD_WITHIN_S = 1.0

# What the libraries say, the code for it, and the line that did it where the error's own is another.
_KNOWN: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("must pass a list of Redis hosts", "hosts-no-list", places.HOSTS),
    ("Too many connections", "handshakes-refused", places.POOL),
    ("'at'", "time-wrong", places.AT),
    ("'text'", "event-wrong", places.SENDS),
    ("unexpected keyword argument", "server-error", places.HOSTS),
    ("can not serialize", "event-wrong", places.AT),
    ("Group name must be", "not-heard", places.SENDS),
    ("No handler for message type", "not-heard", (r".*[\"']type[\"']",)),
)


def judge_never_awaited(server: Server, wanted: str, saw: str) -> None:
    """End the check when the server has warned of a coroutine that a line of the project made and nobody awaited."""
    for one in wait_unawaited(server, WARNED_WITHIN_S):
        if one.where is not None:
            fail("never-awaited", wanted=wanted, saw=f"{saw}\n{one.told}", where=one.where)


def judge_error(server: Server, wanted: str, before: str, *, request: str = "", since: float = 0.0) -> None:
    """End the check when the app has raised in this server: for one request, or for any since then."""
    error = server.run.history.wait_for(
        EventKind.APP_RAISED,
        lambda e: bool(e["server"] == server.name) and request in ("", e["request"]),
        since=since,
        deadline_s=TOLD_WITHIN_S,
    )
    if error is not None:
        fail_by(server, error, wanted, before)


def fail_by(server: Server, error: Event, wanted: str, before: str) -> NoReturn:
    """The finding for an error that the app has raised."""
    message = str(error["message"])
    saw = f"{before}: {error['type']}: {message}"
    for words, code, patterns in _KNOWN:
        if words in message:
            fail(code, wanted=wanted, saw=saw, where=places.line(server.run, *patterns) or error.where)
    if error["type"] == "ConnectionError":
        where = places.line(server.run, *places.ADDRESS)
        fail("layer-elsewhere", wanted=wanted, saw=f"{saw}\nREDIS_URL leads elsewhere", where=where)
    raise diagnosis.error_finding(error, wanted, f"{before}: ")


def fail_as_refused(server: Server, opened: WebSocket, wanted: str) -> NoReturn:
    """The finding for a handshake that came to nothing."""
    judge_error(server, wanted, f"the handshake got status {opened.refused}", request=opened.id)
    raise diagnosis.handshake_refused(server, opened)


def fail_as_unannounced(server: Server, exchange: Exchange, wanted: str) -> NoReturn:
    """The finding for a POST that was not answered with a 2xx."""
    answer = exchange.wait_answer(0)
    if answer is None:
        raise diagnosis.no_answer(server, exchange, ANSWER_DEADLINE_S)
    if answer.status >= 500 and answer.status != 501:
        judge_error(server, wanted, f"status {answer.status}", request=exchange.id)
        server.expect_answer(exchange, 0)
    saw = f"status {answer.status}: {answer.text[:120]}"
    where = line_matching(server.run.project, "station/views.py", [rf".*\b{answer.status}\b", r".*def announce"])
    fail("post-refused", wanted=wanted, saw=saw, where=where, facts={"status": answer.status})
