"""Given: the application of a process's own connection, the lifespan. A server has one before it serves visitors."""

is_open = False


async def lifespan(scope, receive, send):
    """Open at the startup, close at the shutdown."""
    global is_open
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            is_open = True
            await send({"type": "lifespan.startup.complete"})
        else:
            is_open = False
            await send({"type": "lifespan.shutdown.complete"})
            return
