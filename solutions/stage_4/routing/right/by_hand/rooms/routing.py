"""The addresses of this app, below a tenant's."""

import re

from rooms.consumers import RoomConsumer

# Named groups become keyword arguments, each made by its converter.
ROUTES = [(re.compile(r"rooms/(?P<id>[0-9]+)/"), {"id": int}, RoomConsumer.as_asgi())]
