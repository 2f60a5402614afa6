"""Given: a room of a tenant. It needs a model, and so Django's apps, as consumers usually do."""

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from rooms.models import Entry


class RoomConsumer(AsyncJsonWebsocketConsumer):
    """Says who it is and what the router has told it, then repeats what it hears, and counts it."""

    heard = 0

    async def connect(self):
        await self.accept()
        await self.send_json({"consumer": "RoomConsumer", "kwargs": self.scope["url_route"]["kwargs"]})

    async def receive_json(self, content):
        entry = Entry(text=content["text"])
        self.heard += 1
        await self.send_json({"text": str(entry), "heard": self.heard})
