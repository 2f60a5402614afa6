"""The learner's callable with a ladder beside it: what it is told and what it says, but for HTTP, goes to the history.

Runs inside the server, between the probe and the learner's `board.asgi:application`. A request with the header
X-Learn-Stray calls the callable once with a scope of that type, which no server has, and answers by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from board.asgi import application as _app  # type: ignore[import-not-found]
from learn_probe.errors import described  # type: ignore[import-not-found]
from learn_probe.journal import tell  # type: ignore[import-not-found]

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

REQUEST_HEADER, STRAY_HEADER = b"x-learn-request", b"x-learn-stray"
STRAY_DEADLINE_S = 3.0  # a callable that waits for the messages of a type that it does not know
NO_CONTENT = {"type": "http.response.start", "status": 204, "headers": []}


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Serve one connection by the learner's callable."""
    headers = dict(scope.get("headers", ()))
    if stray := headers.get(STRAY_HEADER):
        await _call_with_stray(stray.decode(), headers[REQUEST_HEADER].decode())
        await send(NO_CONTENT)
        await send({"type": "http.response.body"})
    elif scope["type"] == "http":
        await _app(scope, receive, send)
    else:
        await _told(scope, receive, send, headers.get(REQUEST_HEADER, b"").decode())


async def _told(scope: Message, receive: Receive, send: Send, request: str) -> None:
    kind = str(scope["type"])

    async def receive_told() -> Message:
        message = await receive()
        tell("ladder.received", scope=kind, request=request, type=_type_of(message))
        return message

    async def send_told(message: Message) -> None:
        # Before the server gets it: what it does then comes later.
        tell(
            "ladder.sent",
            patient=True,
            scope=kind,
            request=request,
            type=_type_of(message),
            text=_text_of(message),
        )
        await send(message)

    try:
        await _app(scope, receive_told, send_told)
    except BaseException as error:
        tell("ladder.raised", patient=True, scope=kind, request=request, **described(error))
        raise
    tell("ladder.returned", patient=True, scope=kind, request=request)


async def _call_with_stray(kind: str, request: str) -> None:
    async def receive() -> Message:
        await asyncio.sleep(STRAY_DEADLINE_S)
        return {"type": f"{kind}.disconnect"}

    async def send(_message: Message) -> None:
        """Nobody is there to hear it."""

    try:
        await _told({"type": kind, "asgi": {"version": "3.0"}}, receive, send, request)
    except Exception:  # noqa: BLE001  (any will do: `_told` has told of it)
        return


def _type_of(message: Any) -> str:
    return str(message.get("type", "")) if isinstance(message, dict) else repr(message)[:200]


def _text_of(message: Any) -> str:
    return str(message.get("message", ""))[:500] if isinstance(message, dict) else ""
