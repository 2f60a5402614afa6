"""Which application serves a connection: one flat list of addresses for each protocol."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tower.settings")
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.urls import path, re_path  # noqa: E402

from feed.routing import ROUTES as FEED  # noqa: E402
from rooms.routing import ROUTES as ROOMS  # noqa: E402
from tower import opening  # noqa: E402
from tower.meters import MeterConsumer  # noqa: E402
from tower.polling import LongPoll  # noqa: E402
from tower.refusal import Refusal  # noqa: E402

TENANT = "ws/<slug:tenant>/"


def below(prefix, routes):
    """The routes of an app, each with the prefix in front."""
    return [path(prefix + route, consumer.as_asgi()) for route, consumer in routes.items()]


class Lifespan:
    """A site with a lifespan: that one connection of a process is served by an application of its own."""

    def __init__(self, site, lifespan):
        self.site = site
        self.lifespan = lifespan

    async def __call__(self, scope, receive, send):
        application = self.lifespan if scope["type"] == "lifespan" else self.site
        await application(scope, receive, send)


sockets = [*below(TENANT, ROOMS), *below(TENANT, FEED), re_path(r"", Refusal.as_asgi())]
pages = [path("longpoll/<int:id>/", LongPoll.as_asgi()), re_path(r"", get_asgi_application())]
application = Lifespan(
    ProtocolTypeRouter(
        {
            "http": URLRouter(pages),
            "websocket": URLRouter(sockets),
            "mqtt": MeterConsumer.as_asgi(),
        }
    ),
    opening.lifespan,
)
