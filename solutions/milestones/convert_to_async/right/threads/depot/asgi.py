"""The depot for ASGI servers, behind a lifespan."""

import asyncio
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "depot.settings")


class Depot:
    """The application: Django for what Django knows, `_live` for the process's life."""

    def __init__(self) -> None:
        self._django = get_asgi_application()
        from depot import exports

        self._exports = exports

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._django(scope, receive, send)

    async def _live(self, receive, send) -> None:
        while message := await receive():
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                await asyncio.to_thread(self._exports.join)
                await send({"type": "lifespan.shutdown.complete"})
                break


application = Depot()
