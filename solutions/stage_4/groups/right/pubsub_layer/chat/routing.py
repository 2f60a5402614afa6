"""The one WebSocket path, to a plain ASGI callable."""

from django.urls import path

from chat.consumers import chat

websocket_urlpatterns = [path("ws/", chat)]
