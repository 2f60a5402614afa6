"""The board as one object: its methods are the applications, its attributes what they share."""

import asyncio
import os
import time

import django
from django.core.handlers.asgi import ASGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "board.settings")
django.setup(set_prefix=False)


class Board:
    """Each type of scope has a method of its name; a type without one is an AttributeError."""

    def __init__(self):
        self.pages = ASGIHandler()
        self.opening = None  # a task while, and once, a feed is opened for visitors

    async def __call__(self, scope, receive, send):
        await getattr(self, f"on_{scope['type']}")(scope, receive, send)

    async def on_websocket(self, scope, receive, send):
        """Nobody is let in."""
        while (await receive())["type"] != "websocket.connect":
            pass
        await send({"type": "websocket.close", "code": 1000})

    async def on_lifespan(self, scope, receive, send):
        """A loop over messages, as the specification shows it."""
        while True:
            match (await receive())["type"]:
                case "lifespan.startup":
                    from board.feed import Feed

                    try:
                        feed = scope["state"]["feed"] = await Feed.open()
                        await send({"type": "lifespan.startup.complete"})
                    except Exception as error:
                        await send({"type": "lifespan.startup.failed", "message": str(error)})
                        return
                case "lifespan.shutdown":
                    try:
                        await feed.close()
                        await send({"type": "lifespan.shutdown.complete"})
                    except Exception as error:
                        await send({"type": "lifespan.shutdown.failed", "message": str(error)})
                    return

    async def on_http(self, scope, receive, send):
        """Django, with a feed at hand and a clock running."""
        began_ns = time.monotonic_ns()
        state = scope.setdefault("state", {})
        if "feed" not in state and scope["path"] != "/hello/":
            try:
                state["feed"] = await self.feed_for_visitors()
            except Exception:
                await send({"type": "http.response.start", "status": 503, "headers": []})
                await send({"type": "http.response.body", "body": b""})
                return

        async def timed(message):
            if message["type"] == "http.response.start":
                head = message.setdefault("headers", [])
                head.append((b"Server-Timing", b"app; dur=%d" % ((time.monotonic_ns() - began_ns) // 1_000_000)))
            await send(message)

        await self.pages(scope, receive, timed)

    async def feed_for_visitors(self):
        """One task opens it for all who wait; one that failed is forgotten."""
        from board.feed import Feed

        if self.opening is None:
            self.opening = asyncio.create_task(Feed.open())
        mine = self.opening
        try:
            return await asyncio.shield(mine)
        except Exception:
            if self.opening is mine:
                self.opening = None
            raise


application = Board()
