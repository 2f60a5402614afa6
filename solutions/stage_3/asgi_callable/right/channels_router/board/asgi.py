"""The board with Channels' router in front: it knows how to dispatch, and which types it does not know."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "board.settings")
django_app = get_asgi_application()

from channels.security.websocket import WebsocketDenier  # noqa: E402

from board.feeding import FeedMiddleware, Lifespan  # noqa: E402
from board.server_timing import ServerTimingMiddleware  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": ServerTimingMiddleware(FeedMiddleware(django_app)),
        "lifespan": Lifespan(),
        "websocket": WebsocketDenier.as_asgi(),
    }
)
