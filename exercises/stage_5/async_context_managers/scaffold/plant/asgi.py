"""Given: Django for HTTP, and around its whole life your `running()`, where the server has a lifespan."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plant.settings")
django = get_asgi_application()

from plant import hub


async def application(scope, receive, send):
    """One call for each request, and one for the process."""
    if scope["type"] == "lifespan":
        await live(receive, send)
    else:
        await django(scope, receive, send)


async def live(receive, send):
    """The lifespan's two messages are the two ends of a context manager."""
    phase = "startup"
    try:
        await receive()
        async with hub.running():
            await send({"type": "lifespan.startup.complete"})
            await receive()
            phase = "shutdown"
    except Exception as error:
        await send({"type": f"lifespan.{phase}.failed", "message": f"{type(error).__name__}: {error}"})
    else:
        await send({"type": "lifespan.shutdown.complete"})
