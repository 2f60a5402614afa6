"""Given: a tenant's feed."""

from channels.generic.websocket import AsyncJsonWebsocketConsumer


class FeedConsumer(AsyncJsonWebsocketConsumer):
    """Says who it is and what the router has told it, then repeats what it hears."""

    async def connect(self):
        await self.accept()
        await self.send_json({"consumer": "FeedConsumer", "kwargs": self.scope["url_route"]["kwargs"]})

    async def receive_json(self, content):
        await self.send_json({"text": content["text"]})
