"""The addresses of this app, below a tenant's."""

from rooms.consumers import RoomConsumer

ROUTES = {"rooms/<int:id>/": RoomConsumer}
