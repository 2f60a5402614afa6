"""The chat over one socket."""

import asyncio
import contextlib
import hashlib

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from redis.asyncio import Redis

valkey = Redis.from_url(settings.REDIS_URL, decode_responses=True)


def room_group(title):
    return "room." + hashlib.sha256(title.encode()).hexdigest()


def user_group(user_name):
    return "user." + user_name


async def seen(room, user_name, channel_name):
    seconds, microseconds = await valkey.time()
    await valkey.zadd(f"presence:{room}", {f"{user_name} {channel_name}": seconds + microseconds / 1e6})


async def gone(room, user_name, channel_name):
    await valkey.zrem(f"presence:{room}", f"{user_name} {channel_name}")


async def users(room):
    seconds, _ = await valkey.time()
    await valkey.zremrangebyscore(f"presence:{room}", "-inf", seconds - settings.PRESENCE_SECONDS)
    members = await valkey.zrange(f"presence:{room}", 0, -1)
    return sorted({member.split(" ")[0] for member in members})


class ChatConsumer(AsyncJsonWebsocketConsumer):
    async def connect(self):
        self.user_name = self.scope["user_name"]
        self.rooms = set()
        await self.channel_layer.group_add(user_group(self.user_name), self.channel_name)
        await self.accept()
        self.renewing = asyncio.create_task(self.keep_renewing())

    async def disconnect(self, code):
        self.renewing.cancel()
        await self.channel_layer.group_discard(user_group(self.user_name), self.channel_name)
        for room in set(self.rooms):
            await self.leave(room)

    async def accept(self):
        with contextlib.suppress(OSError):
            await super().accept()

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
            await self.send_json({"who": title, "users": await users(room)})
        elif room in self.rooms:
            await self.say(room, title, content["text"])
            await self.send_json({"said": title})
        else:
            await self.send_json({"error": "you are not in this room"})

    async def join(self, room):
        self.rooms.add(room)
        await self.channel_layer.group_add(room, self.channel_name)
        await seen(room, self.user_name, self.channel_name)

    async def leave(self, room):
        self.rooms.discard(room)
        await self.channel_layer.group_discard(room, self.channel_name)
        await gone(room, self.user_name, self.channel_name)

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

    async def keep_renewing(self):
        while True:
            await asyncio.sleep(settings.PRESENCE_SECONDS / 3)
            for room in set(self.rooms):
                await seen(room, self.user_name, self.channel_name)

    async def chat_message(self, event):
        if event["sender"] != self.channel_name:
            await self.send_json({"room": event["room"], "from": event["user"], "text": event["text"]})

    async def user_notice(self, event):
        await self.send_json({"notice": event["text"]})

    async def user_kick(self, event):
        await self.close(code=4403)
