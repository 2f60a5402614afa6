"""Given: the market under ASGI. Pages are Django's, sockets are Channels', and `Traced` stands around all of it."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "market.settings")
django = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from market.consumers import StallConsumer
from market.opening import opening_hours
from market.tracing import Traced

application = Traced(
    ProtocolTypeRouter(
        {
            "http": django,
            "websocket": URLRouter([path("ws/", StallConsumer.as_asgi())]),
            "lifespan": opening_hours,
        }
    )
)
