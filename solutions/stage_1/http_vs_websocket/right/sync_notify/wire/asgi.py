"""Part B: Django for HTTP, and a WebSocket application that waits for the client and for notices in one loop."""

import asyncio
import json
import os
from typing import Any

from django.core.asgi import get_asgi_application

from wire import board

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wire.settings")

django = get_asgi_application()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """One connection."""
    if scope["type"] == "http":
        await django(scope, receive, send)
    elif scope["type"] == "websocket":
        await (counter if scope["path"] == "/ws/counter/" else refuse)(receive, send)
    else:
        raise NotImplementedError(f"no {scope['type']} here")  # lifespan: servers take it for an answer


async def refuse(receive: Any, send: Any) -> None:
    """Before it is accepted."""
    await send({"type": "websocket.close"})


async def counter(receive: Any, send: Any) -> None:
    """Whatever comes next, an event or a notice, is handled here, one at a time: nothing is sent by two at once."""

    async def tell(**fields: object) -> None:
        await send({"type": "websocket.send", "text": json.dumps(fields)})

    await receive()
    inbox: asyncio.Queue[dict[str, object]] = asyncio.Queue()
    token = board.listen(inbox.put_nowait)
    event_task, notice_task = asyncio.ensure_future(receive()), asyncio.ensure_future(inbox.get())
    number = 0
    try:
        await send({"type": "websocket.accept"})
        while True:
            await asyncio.wait({event_task, notice_task}, return_when=asyncio.FIRST_COMPLETED)
            if notice_task.done():
                await tell(**notice_task.result())
                notice_task = asyncio.ensure_future(inbox.get())
            if event_task.done():
                event = event_task.result()
                if event["type"] != "websocket.receive":
                    break
                number += 1
                if (text := event.get("text")) is not None:
                    await tell(number=number, text=text)
                else:
                    await tell(number=number, bytes=len(event["bytes"]))
                event_task = asyncio.ensure_future(receive())
    finally:
        board.forget(token)
        event_task.cancel()
        notice_task.cancel()
