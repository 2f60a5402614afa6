"""Given: a tenant's feed."""

from channels.generic.websocket import AsyncJsonWebsocketConsumer


class FeedConsumer(AsyncJsonWebsocketConsumer):
    """Says who it is and what the router has told it, then repeats what it hears, and counts it."""

    heard = 0

    async def connect(self):
        await self.accept()
        await self.send_json({"consumer": "FeedConsumer", "kwargs": self.scope["url_route"]["kwargs"]})

    async def receive_json(self, content):
        self.heard += 1
        await self.send_json({"text": content["text"], "heard": self.heard})
