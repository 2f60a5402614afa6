"""Who serves the addresses that nobody serves."""

from channels.exceptions import DenyConnection
from channels.generic.websocket import AsyncWebsocketConsumer


class Refusal(AsyncWebsocketConsumer):
    """Never lets anybody in."""

    async def connect(self):
        raise DenyConnection
