"""How long each answer took, for the browser's developer tools."""

import time


def timed(app):
    """The same app, whose answers carry Server-Timing."""

    async def with_timing(scope, receive, send):
        began = time.perf_counter()

        async def send_timed(message):
            if message["type"] == "http.response.start":
                passed_ms = 1000 * (time.perf_counter() - began)
                told = (b"server-timing", f"app;dur={passed_ms:.1f}".encode())
                message = {**message, "headers": [*message.get("headers", ()), told]}
            await send(message)

        await app(scope, receive, send_timed)

    return with_timing
