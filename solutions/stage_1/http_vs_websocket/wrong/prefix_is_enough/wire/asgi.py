"""Part B: Django for HTTP, and a WebSocket application of our own beside it."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from django.core.asgi import get_asgi_application

from wire import board

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wire.settings")

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# What send() raises when the client has gone: OSError in uvicorn, in Daphne a RuntimeError of its own.
GONE = (OSError, RuntimeError)

django = get_asgi_application()


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """One call for each connection: HTTP goes to Django, which knows nothing else."""
    if scope["type"] != "websocket":
        await django(scope, receive, send)
    elif scope["path"].startswith("/ws/counter/"):
        await counter(receive, send)
    else:
        await receive()
        await send({"type": "websocket.close"})  # before the accept: the server answers 403


async def counter(receive: Receive, send: Send) -> None:
    """Count this connection's messages, and push every notice."""
    await receive()  # websocket.connect
    with board.listening() as notices:
        await send({"type": "websocket.accept"})
        pushing = asyncio.create_task(push(notices, send))
        try:
            await count(receive, send)
        except GONE:
            pass  # the client vanished while it was being answered
        finally:
            pushing.cancel()
            with suppress(asyncio.CancelledError):
                await pushing


async def count(receive: Receive, send: Send) -> None:
    """Answer every message with its number, until the client is gone."""
    number = 0
    while (event := await receive())["type"] == "websocket.receive":
        number += 1
        answer: dict[str, object] = {"number": number}
        if event.get("text") is not None:
            answer["text"] = event["text"]
        else:
            answer["bytes"] = len(event["bytes"])
        await send({"type": "websocket.send", "text": json.dumps(answer)})


async def push(notices: "asyncio.Queue[board.Notice]", send: Send) -> None:
    """Send each notice as it comes."""
    with suppress(*GONE):  # the client has just vanished; the disconnect event is on its way
        while True:
            await send({"type": "websocket.send", "text": json.dumps(await notices.get())})
