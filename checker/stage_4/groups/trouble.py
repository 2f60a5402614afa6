"""What went wrong inside the learner's processes, when a chat check fails: told before what the clients saw of it."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NoReturn

from checker.harness import diagnosis
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.history import Event
from checker.harness.server import Server
from checker.harness.unawaited import wait_unawaited
from checker.stage_4.groups.chat import Chat
from checker.stage_4.groups.places import only_line

WARNING_DEADLINE_S = 0.2
GIVEN = "chat/identity.py"  # every consumer's error passes through it

_MISSING_TYPE = re.compile(r"No handler for message type (\S+)")


def judge_error(chat: Chat, requests: AbstractSet[str], wanted: str, *, since: float, deadline_s: float) -> None:
    """End the check when a consumer of one of these sockets has raised; waits a moment for the news."""
    error = chat.history.wait_for(
        EventKind.APP_RAISED, lambda e: e["request"] in requests, since=since, deadline_s=deadline_s
    )
    if error is not None:
        _fail_with(error, chat.one.run.project, wanted)


def judge_never_awaited(server: Server, wanted: str, saw: str) -> None:
    """End the check when the server has warned of a coroutine that a line of the project made and nobody awaited."""
    for one in wait_unawaited(server, WARNING_DEADLINE_S):
        if one.where is not None:
            fail("never-awaited", wanted=wanted, saw=f"{saw}\n{one.told}", where=one.where)


def _fail_with(error: Event, project: Path, wanted: str) -> NoReturn:
    message, where = str(error["message"]), error.where
    saw = f"{error['type']}: {message}"
    if where is not None and where.file == GIVEN:
        where = None
    # The receiver that raised is another socket's, and not to blame: the type's own line is.
    if match := _MISSING_TYPE.search(message):
        fail("no-handler", wanted=wanted, saw=saw, where=only_line(project, rf"""[\"']{re.escape(match[1])}[\"']"""))
    if "no 'type' attribute" in message or "leading underscore" in message:
        fail("no-handler", wanted=wanted, saw=saw)
    if "Group name must be" in message:
        fail("bad-group-name", wanted=wanted, saw=saw, where=where)
    if error["type"] == "ClientDisconnected":  # uvicorn's word for it; the specification says: some OSError
        saw = "sending to a client that had just vanished raised ClientDisconnected, and that ended your consumer"
        saw += "\nit is an OSError; every send to a client that has gone raises it: accept(), each answer, each message"
        fail("cut-while-speaking", wanted=wanted, saw=saw, where=where)
    if error["type"] == "SynchronousOnlyOperation":
        raise diagnosis.error_finding(error, wanted)
    fail("consumer-crashed", wanted=wanted, saw=saw, where=where)
