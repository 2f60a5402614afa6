"""Given: the board in a room of the station. `/ws/?room=Gleis%201` hears what is said and announced there."""

import os
from urllib.parse import parse_qs

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from station.rooms import group_of


class RoomConsumer(AsyncJsonWebsocketConsumer):
    """One instance for each open socket."""

    async def connect(self):
        self.room = parse_qs(self.scope["query_string"].decode())["room"][0]
        self.group = group_of(self.room)
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        await self.send_json({"joined": self.room, "pid": os.getpid()})

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive_json(self, content):
        """{"say": TEXT}: the whole room hears it, the speaker too."""
        await self.channel_layer.group_send(self.group, {"type": "room.said", "text": content["say"]})

    async def room_said(self, event):
        await self.send_json({"room": self.room, "said": event["text"]})

    async def room_announcement(self, event):
        """What your view and your command send: an event of this type, with `text` and `at`."""
        await self.send_json({"room": self.room, "announcement": event["text"], "at": event["at"]})
