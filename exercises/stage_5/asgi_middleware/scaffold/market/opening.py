"""Given: the process's lifespan. The market opens at the startup, and closes at the shutdown."""

is_open = False


async def opening_hours(scope, receive, send):
    """Two messages come, and two are sent."""
    global is_open
    while (message := await receive())["type"] != "lifespan.shutdown":
        is_open = message["type"] == "lifespan.startup"
        await send({"type": "lifespan.startup.complete"})
    is_open = False
    await send({"type": "lifespan.shutdown.complete"})
