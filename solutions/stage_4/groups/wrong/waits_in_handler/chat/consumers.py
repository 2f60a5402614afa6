"""The chat over one socket."""

import asyncio
import contextlib
import hashlib

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings


def room_group(title):
    return "room." + hashlib.sha256(title.encode()).hexdigest()


def user_group(user_name):
    return "user." + user_name


class ChatConsumer(AsyncJsonWebsocketConsumer):
    async def connect(self):
        self.user_name = self.scope["user_name"]
        self.rooms = set()
        self.present = set()
        await self.channel_layer.group_add(user_group(self.user_name), self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(user_group(self.user_name), self.channel_name)
        for room in set(self.rooms):
            await self.leave(room)

    async def send_json(self, content, close=False):
        with contextlib.suppress(OSError):  # the client may be gone already
            await super().send_json(content, close)

    async def receive_json(self, content):
        title = content["room"]
        room = room_group(title)
        if content["op"] == "join":
            await self.join(room)
            await self.send_json({"joined": title})
        elif content["op"] == "leave":
            await self.leave(room)
            await self.send_json({"left": title})
        elif content["op"] == "who":
            await self.send_json({"who": title, "users": await self.call_the_roll(room)})
        elif room in self.rooms:
            await self.say(room, title, content["text"])
            await self.send_json({"said": title})
        else:
            await self.send_json({"error": "you are not in this room"})

    async def join(self, room):
        self.rooms.add(room)
        await self.channel_layer.group_add(room, self.channel_name)

    async def leave(self, room):
        self.rooms.discard(room)
        await self.channel_layer.group_discard(room, self.channel_name)

    async def say(self, room, title, text):
        await self.channel_layer.group_send(
            room,
            {
                "type": "chat.message",
                "room": title,
                "user": self.user_name,
                "text": text,
                "sender": self.channel_name,
            },
        )

    async def call_the_roll(self, room):
        self.present = set()
        await self.channel_layer.group_send(room, {"type": "roll.call", "answer_to": self.channel_name})
        await asyncio.sleep(settings.PRESENCE_SECONDS / 4)
        return sorted(self.present)

    async def roll_call(self, event):
        await self.channel_layer.send(event["answer_to"], {"type": "roll.answer", "user": self.user_name})

    async def roll_answer(self, event):
        self.present.add(event["user"])

    async def chat_message(self, event):
        if event["sender"] != self.channel_name:
            await self.send_json({"room": event["room"], "from": event["user"], "text": event["text"]})

    async def user_notice(self, event):
        await self.send_json({"notice": event["text"]})

    async def user_kick(self, event):
        await self.close(code=4403)
