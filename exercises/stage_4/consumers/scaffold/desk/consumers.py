"""Your work: three of the four kinds of consumer. plain.py is the fourth.

They talk already, as long as nobody is slow, leaves, or sends something odd.
"""

from channels.generic.websocket import (
    AsyncJsonWebsocketConsumer,
    AsyncWebsocketConsumer,
    JsonWebsocketConsumer,
)

from desk import exchange


class DeskConsumer(AsyncJsonWebsocketConsumer):
    """/ws/desk/: one instance for each open socket. Its events come one after the other."""

    async def receive_json(self, content):
        match content["op"]:
            case "ping":
                await self.send_json({"id": content["id"], "pong": True})
            case "quote":
                price = exchange.price(content["sku"])
                await self.send_json({"id": content["id"], "price": price})
            case "tick":
                await self.send_json({"error": "not written yet"})
            case "stop":
                await self.send_json({"error": "not written yet"})


class LegacyConsumer(JsonWebsocketConsumer):
    """/ws/legacy/: its methods are plain functions, which Channels runs in a thread."""

    def receive_json(self, content):
        self.send_json({"error": "not written yet"})


class EchoConsumer(AsyncWebsocketConsumer):
    """/ws/echo/: sends back what it gets."""

    async def receive(self, text_data):
        await self.send(text_data)
