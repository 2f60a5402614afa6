"""Which application serves a connection: chosen by the scope's type first, then by its path."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tower.settings")
# First of all: it loads the settings and the apps, which the imports below need.
django = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path, re_path  # noqa: E402

import feed.routing  # noqa: E402
import rooms.routing  # noqa: E402
from tower.meters import MeterConsumer  # noqa: E402
from tower.opening import lifespan  # noqa: E402
from tower.polling import LongPoll  # noqa: E402


async def refuse(scope, receive, send):
    """The last route: what nobody serves is refused at the handshake, by 403."""
    await receive()
    await send({"type": "websocket.close"})


tenant = URLRouter([path("rooms/", rooms.routing.router), path("feed/", feed.routing.router)])
application = ProtocolTypeRouter(
    {
        "http": URLRouter([path("longpoll/<int:id>/", LongPoll.as_asgi()), re_path("", django)]),
        "websocket": URLRouter([path("ws/<slug:tenant>/", tenant), re_path("", refuse)]),
        "lifespan": lifespan,
        "mqtt": MeterConsumer.as_asgi(),
    }
)
