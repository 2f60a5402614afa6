"""Given: a room of a tenant. It needs a model, and so Django's apps, as consumers usually do."""

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from rooms.models import Entry


class RoomConsumer(AsyncJsonWebsocketConsumer):
    """Says who it is and what the router has told it, then repeats what it hears."""

    async def connect(self):
        await self.accept()
        await self.send_json({"consumer": "RoomConsumer", "kwargs": self.scope["url_route"]["kwargs"]})

    async def receive_json(self, content):
        entry = Entry(text=content["text"])
        await self.send_json({"text": str(entry)})
