"""Given: the one WebSocket path. `ChatConsumer` may be any ASGI application; put here what yours needs."""

from django.urls import path

from chat.consumers import ChatConsumer

websocket_urlpatterns = [path("ws/", ChatConsumer.as_asgi())]
