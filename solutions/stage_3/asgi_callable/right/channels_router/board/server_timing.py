"""Server-Timing, as a class."""

import time


class ServerTimingMiddleware:
    """An object for each application; a clock for each call."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, Clock(send))


class Clock:
    """A `send` that remembers when it was made."""

    def __init__(self, send):
        self.send = send
        self.began = time.perf_counter()

    async def __call__(self, message):
        if message["type"] == "http.response.start":
            ms = round((time.perf_counter() - self.began) * 1000, 2)
            message["headers"] = list(message["headers"]) + [(b"server-timing", b"app;dur=%f" % ms)]
        await self.send(message)
