"""The board's life as a context manager, and everything around Django as wrappers of wrappers."""

import asyncio
import functools
import os
from contextlib import AsyncExitStack, asynccontextmanager

from django.core.asgi import get_asgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "board.settings"
django_app = get_asgi_application()

from board import feed as feeds  # noqa: E402


@asynccontextmanager
async def life():
    """What there is while the process serves."""
    feed = await feeds.Feed.open()
    yield {"feed": feed}
    await feed.close()


async def lifespan(scope, receive, send):
    """A context manager's two halves, told as a lifespan's two phases."""
    stack = AsyncExitStack()
    for phase, half in (("startup", functools.partial(enter, stack, scope)), ("shutdown", stack.aclose)):
        message = await receive()
        assert message["type"] == f"lifespan.{phase}"
        try:
            await half()
        except Exception as problem:
            await send({"type": f"lifespan.{phase}.failed", "message": f"the feed: {problem}"})
            return
        await send({"type": f"lifespan.{phase}.complete"})


async def enter(stack, scope):
    """Begin the process's life, and put what it has where requests find it."""
    scope["state"].update(await stack.enter_async_context(life()))


def with_feed(app):
    """For servers without a lifespan: a feed that nobody will ever close."""
    shared = {}
    turn = asyncio.Semaphore(1)

    @functools.wraps(app)
    async def wrapped(scope, receive, send):
        if "feed" in scope.get("state", {}):
            return await app(scope, receive, send)
        try:
            async with turn:
                if not shared:
                    shared["feed"] = await feeds.Feed.open()
        except (feeds.FeedDown, OSError):
            await send({"type": "http.response.start", "status": 503, "headers": [(b"retry-after", b"1")]})
            return await send({"type": "http.response.body", "body": b"later", "more_body": False})
        return await app(scope | {"state": shared}, receive, send)

    return wrapped


def with_clock(app):
    """Server-Timing, in front of whatever else the head holds."""

    async def wrapped(scope, receive, send):
        clock = asyncio.get_running_loop().time
        began = clock()

        async def sending(message):
            if message["type"].endswith(".start"):
                text = "app;dur=" + format(1e3 * (clock() - began), ".3f")
                message = dict(message, headers=[(b"server-timing", text.encode()), *message["headers"]])
            return await send(message)

        return await app(scope, receive, sending)

    return wrapped


async def no_sockets(scope, receive, send):
    """Refused before the first message is even looked at."""
    await send({"type": "websocket.close"})


APPLICATIONS = {"http": with_clock(with_feed(django_app)), "lifespan": lifespan, "websocket": no_sockets}


async def application(scope, receive, send):
    """A type that is not in the table is a KeyError."""
    return await APPLICATIONS[scope["type"]](scope, receive, send)
