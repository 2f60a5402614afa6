"""The depot for ASGI servers: Django, and beside it the lifespan, at whose end the exports are waited for."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "depot.settings")

_django = get_asgi_application()

from depot import exports  # noqa: E402  (Django is set up first)

Message = dict[str, Any]


async def application(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Serve one connection, or the process's lifespan."""
    if scope["type"] != "lifespan":
        await _django(scope, receive, send)
        return
    await receive()  # lifespan.startup
    await send({"type": "lifespan.startup.complete"})
    await receive()  # lifespan.shutdown: no request is open any more
    await exports.finish()
    await send({"type": "lifespan.shutdown.complete"})
