"""Who opens a feed: a lifespan, or the middleware where there is none."""

import asyncio

from channels.middleware import BaseMiddleware

from board.feed import Feed


class Lifespan:
    """Opens and closes. As messages come in a fixed order, no loop is needed."""

    async def __call__(self, scope, receive, send):
        await receive()
        try:
            feed = await Feed.open()
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise SystemExit(3) from error
        scope["state"]["feed"] = feed
        await send({"type": "lifespan.startup.complete"})
        await receive()
        try:
            await feed.close()
        except Exception as error:
            await send({"type": "lifespan.shutdown.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.shutdown.complete"})


class FeedMiddleware(BaseMiddleware):
    """Gives each request without a feed the one that is shared."""

    def __init__(self, inner):
        super().__init__(inner)
        self.shared = None  # a future of the feed, or of why there is none

    async def __call__(self, scope, receive, send):
        state = dict(scope.get("state") or {})
        if "feed" not in state:
            try:
                state["feed"] = await self.open()
            except Exception as error:
                body = str(error).encode()
                await send({"type": "http.response.start", "status": 503, "headers": []})
                await send({"type": "http.response.body", "body": body})
                return
        await self.inner({**scope, "state": state}, receive, send)

    async def open(self):
        """The first who comes opens; the others wait for what becomes of it."""
        if self.shared is not None:
            return await asyncio.shield(self.shared)
        self.shared = asyncio.get_running_loop().create_future()
        try:
            feed = await Feed.open()
        except BaseException as error:
            waiting, self.shared = self.shared, None
            waiting.set_exception(ConnectionError(str(error)))
            waiting.exception()  # taken note of, should nobody wait
            raise
        self.shared.set_result(feed)
        return feed
