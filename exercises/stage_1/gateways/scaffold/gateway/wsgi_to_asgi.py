"""The third door: any WSGI app as an ASGI app, for uvicorn and its like."""

from collections.abc import Awaitable, Callable
from typing import Any

Message = dict[str, Any]
AsgiApp = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


def wsgi_to_asgi(app: Any) -> AsgiApp:
    """The same app behind the other interface."""

    async def asgi(scope: Message, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        # Your work. This much is sent to everybody so far:
        await send({"type": "http.response.start", "status": 501, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return asgi
