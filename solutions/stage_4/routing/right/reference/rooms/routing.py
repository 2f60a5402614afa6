"""The addresses of this app, below a tenant's."""

from channels.routing import URLRouter
from django.urls import path

from rooms.consumers import RoomConsumer

router = URLRouter([path("<int:id>/", RoomConsumer.as_asgi())])
