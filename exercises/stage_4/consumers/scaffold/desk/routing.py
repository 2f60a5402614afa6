"""Given: the four WebSocket paths."""

from django.urls import path

from desk.consumers import DeskConsumer, EchoConsumer, LegacyConsumer
from desk.plain import PlainConsumer

websocket_urlpatterns = [
    path("ws/desk/", DeskConsumer.as_asgi()),
    path("ws/legacy/", LegacyConsumer.as_asgi()),
    path("ws/echo/", EchoConsumer.as_asgi()),
    path("ws/plain/", PlainConsumer.as_asgi()),
]
