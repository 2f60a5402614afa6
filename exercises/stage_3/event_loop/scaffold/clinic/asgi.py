"""Given: the clinic for ASGI servers. The doctor's watch lives as long as the process."""

import os

from django.core.asgi import get_asgi_application

from doctor.watch import LoopWatch

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

THRESHOLD_S = 0.1

_django = get_asgi_application()


async def application(scope, receive, send):
    """Serve one connection; for the lifespan, watch the loop from the first visitor until after the last."""
    if scope["type"] != "lifespan":
        await _django(scope, receive, send)
        return
    await receive()
    watch = LoopWatch(threshold_s=THRESHOLD_S)
    watch.start()
    scope["state"]["watch"] = watch
    await send({"type": "lifespan.startup.complete"})
    await receive()
    watch.stop()
    await send({"type": "lifespan.shutdown.complete"})
