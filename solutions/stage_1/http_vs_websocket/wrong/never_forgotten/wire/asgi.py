"""Part B: Django for HTTP, and a WebSocket application of our own beside it."""

import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

from django.core.asgi import get_asgi_application

from wire import board

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wire.settings")

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

django = get_asgi_application()


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """One call for each connection: HTTP goes to Django, which knows nothing else."""
    if scope["type"] != "websocket":
        await django(scope, receive, send)
    elif scope["path"] == "/ws/counter/":
        await counter(receive, send)
    else:
        await receive()
        await send({"type": "websocket.close"})  # before the accept: the server answers 403


async def counter(receive: Receive, send: Send) -> None:
    """Count this connection's messages, and push every notice."""
    await receive()  # websocket.connect
    await send({"type": "websocket.accept"})
    board.senders.add(send)
    await count(receive, send)


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
