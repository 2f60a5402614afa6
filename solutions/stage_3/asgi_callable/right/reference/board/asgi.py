"""The board's ASGI callable: what has a type goes to whoever speaks it."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "board.settings")
django = get_asgi_application()

# Below the line that sets Django up: the feed imports a model.
from board.line import Line
from board.timing import timed

line = Line()
pages = timed(line.lend_to(django))


async def application(scope, receive, send):
    """Django for HTTP, a feed around its whole life, and a refusal for WebSockets."""
    match scope["type"]:
        case "http":
            await pages(scope, receive, send)
        case "lifespan":
            await line.live(scope, receive, send)
        case "websocket":
            await refuse(receive, send)
        case other:
            raise ValueError(f"no application speaks {other}")


async def refuse(receive, send):
    """Close a WebSocket before it was accepted: the server answers its handshake with 403."""
    await receive()  # websocket.connect
    await send({"type": "websocket.close"})
