"""The process's one line to the feed: opened before the first visitor, closed after the last."""

import asyncio

from board.feed import Feed, FeedDown

NO_FEED = b"no departures at the moment\n"


class Line:
    """Opens the feed when the server says so; where it never does, when the first visitor comes."""

    def __init__(self):
        self._lock = asyncio.Lock()
        self._feed = None

    async def live(self, scope, receive, send):
        """Answer the two messages of a lifespan, whatever the feed does."""
        await receive()  # lifespan.startup
        try:
            scope["state"]["feed"] = await self._opened()
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()  # lifespan.shutdown: the last request has been answered
        try:
            await self._feed.close()
        except Exception as error:
            await send({"type": "lifespan.shutdown.failed", "message": str(error)})
        else:
            await send({"type": "lifespan.shutdown.complete"})

    def lend_to(self, app):
        """The same app, which finds the feed in its scope's state under any server."""

        async def with_feed(scope, receive, send):
            try:
                feed = await self._opened()
            except (FeedDown, OSError):
                head = [(b"content-type", b"text/plain"), (b"content-length", str(len(NO_FEED)).encode())]
                await send({"type": "http.response.start", "status": 503, "headers": head})
                await send({"type": "http.response.body", "body": NO_FEED})
                return
            await app({**scope, "state": {**scope.get("state", {}), "feed": feed}}, receive, send)

        return with_feed

    async def _opened(self):
        # Many may come before it is open: one opens it, the others wait for the lock and find it done. When that one
        # fails, the next in the queue tries again.
        async with self._lock:
            if self._feed is None:
                self._feed = await Feed.open()
        return self._feed
