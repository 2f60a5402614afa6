"""The learner's chat with its steps told, and held at the Gate where a check has asked for that.

Runs inside the server, between the probe and the learner's `chat.asgi:application`. In the folder LEARN_STEPS a file
`watch` asks for the steps to be told, and a file of one of these names holds each such step, before it begins:
`write` an INSERT or a COMMIT, `read` a SELECT, `ring` a group_send, `enter` a group_add.
LEARN_CLOCK_S is by how much the clock of Django is wrong here. And what is sent to a client that does not read has
little room in the system: else it would take megabytes until a send has to wait.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import wraps
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from learn_probe.journal import tell  # type: ignore[import-not-found]

STEPS = os.environ["LEARN_STEPS"]
GATE = urlsplit(os.environ["LEARN_GATE"])
CLOCK = timedelta(seconds=float(os.environ.get("LEARN_CLOCK_S", "0")))

SEND_BUFFER_BYTES = 16_384

_Callable = Callable[..., Awaitable[Any]]


def _asked_for(name: str) -> bool:
    return os.access(os.path.join(STEPS, name), os.F_OK)  # noqa: PTH118  # for each statement: no Path is made


def _step(step: str, what: str = "") -> None:
    if _asked_for("watch"):
        tell("chat.step", step=step, what=what)


def _hold(name: str) -> None:
    if _asked_for(name):
        connection = HTTPConnection(GATE.hostname or "", GATE.port)
        connection.request("GET", f"/hold/{name}")
        connection.getresponse().read()
        connection.close()


async def _hold_task(name: str) -> None:
    if _asked_for(name):
        await asyncio.to_thread(_hold, name)


def _statement(sql: str) -> None:
    """SQLite is about to run this one, on the thread that asked for it."""
    word = sql.lstrip()[:6].upper()
    if word in ("INSERT", "COMMIT"):
        _hold("write")
        _step("writes", word)
    elif word == "SELECT":
        _hold("read")
        _step("asks", word)


def _connected(*, connection: Any, **_: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.set_trace_callback(_statement)


def _told_layer() -> None:
    from channels_redis.core import RedisChannelLayer

    group_send, group_add, receive = (
        RedisChannelLayer.group_send,
        RedisChannelLayer.group_add,
        RedisChannelLayer.receive,
    )

    @wraps(group_send)
    async def held_group_send(*arguments: Any, **named: Any) -> Any:
        await _hold_task("ring")
        _step("rings")
        result = await group_send(*arguments, **named)
        _step("rung")
        return result

    @wraps(group_add)
    async def held_group_add(*arguments: Any, **named: Any) -> Any:
        await _hold_task("enter")
        return await group_add(*arguments, **named)

    @wraps(receive)
    async def told_receive(*arguments: Any, **named: Any) -> Any:
        message = await receive(*arguments, **named)
        _step("hears")
        return message

    RedisChannelLayer.group_send = held_group_send
    RedisChannelLayer.group_add = held_group_add
    RedisChannelLayer.receive = told_receive


def _wrong_clock() -> None:
    from django.utils import timezone

    now = timezone.now

    def wrong_now() -> datetime:
        right: datetime = now()
        return right + CLOCK

    timezone.now = wrong_now


def _small_buffers() -> None:
    """Connections inherit what their listening socket has, which is the one that uvicorn was passed."""
    listening = socket.socket(fileno=os.dup(int(sys.argv[sys.argv.index("--fd") + 1])))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    listening.close()


_small_buffers()
_wrong_clock()
_told_layer()

from django.db.backends.signals import connection_created  # noqa: E402  # the clock goes wrong before models are made

connection_created.connect(_connected, weak=False)

from chat.asgi import application as _app  # type: ignore[import-not-found]  # noqa: E402


async def application(scope: dict[str, Any], receive: _Callable, send: _Callable) -> None:
    """Serve one connection by the learner's application."""
    if scope["type"] != "websocket":
        await _app(scope, receive, send)
        return

    async def told_receive() -> Any:
        event = await receive()
        if event["type"] == "websocket.receive":
            _step("takes")
        return event

    async def told_send(event: Any) -> None:
        if event["type"] == "websocket.send":
            _step("sends")
        await send(event)

    await _app(scope, told_receive, told_send)
