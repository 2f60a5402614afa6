"""The chat over one socket as a plain ASGI callable: no consumer class, only the layer's own calls.

Two loops beside each other: frames from the client, events from the layer. Presence is a key for each socket and room
that expires unless it is set again.
"""

import asyncio
import contextlib
import hashlib
import json

from channels.layers import get_channel_layer
from django.conf import settings
from redis.asyncio import Redis

valkey = Redis.from_url(settings.REDIS_URL, decode_responses=True)
LIFE_MS = int(settings.PRESENCE_SECONDS * 1000)


def room_group(title):
    return "r." + hashlib.sha1(title.encode(), usedforsecurity=False).hexdigest()


def user_group(user_name):
    return "u." + user_name


async def chat(scope, receive, send):
    """ASGI, scope type "websocket"."""
    await receive()
    socket = Socket(scope["user_name"], send)
    try:
        await socket.open()
        async with asyncio.TaskGroup() as tasks:
            others = [tasks.create_task(socket.follow_the_layer()), tasks.create_task(socket.stay_present())]
            try:
                while (event := await receive())["type"] != "websocket.disconnect":
                    await socket.handle(json.loads(event["text"]))
            finally:
                socket.is_open = False
                for task in others:
                    task.cancel()
    except* OSError:
        pass  # the client vanished while it was being answered
    finally:
        await socket.leave_everything()


class Socket:
    def __init__(self, user_name, send):
        self.user_name = user_name
        self.asgi_send = send
        self.layer = get_channel_layer()
        self.titles = set()
        self.is_open = True

    async def open(self):
        self.channel = await self.layer.new_channel()
        await self.layer.group_add(user_group(self.user_name), self.channel)
        await self.asgi_send({"type": "websocket.accept"})

    async def leave_everything(self):
        await self.layer.group_discard(user_group(self.user_name), self.channel)
        for title in list(self.titles):
            await self.leave(title)

    async def send(self, frame):
        await self.asgi_send({"type": "websocket.send", "text": json.dumps(frame)})

    async def handle(self, content):
        title = content["room"]
        match content["op"]:
            case "join":
                self.titles.add(title)
                await self.layer.group_add(room_group(title), self.channel)
                await self.show_presence(title)
                await self.send({"joined": title})
            case "leave":
                await self.leave(title)
                await self.send({"left": title})
            case "say":
                if title not in self.titles:
                    await self.send({"error": "not a member"})
                    return
                frame = {"room": title, "from": self.user_name, "text": content["text"]}
                await self.layer.group_send(room_group(title), {"frame": frame, "sender": self.channel})
                await self.send({"said": title})
            case "who":
                await self.send({"who": title, "users": await self.users(title)})

    async def leave(self, title):
        self.titles.discard(title)
        await self.layer.group_discard(room_group(title), self.channel)
        await valkey.delete(self.presence_key(title))

    async def follow_the_layer(self):
        while True:
            event = await self.layer.receive(self.channel)
            if "kick" in event:
                await self.asgi_send({"type": "websocket.close", "code": 4403})
            elif event.get("sender") != self.channel:
                await self.send(event["frame"])

    # --- presence ---

    def presence_key(self, title):
        return f"{room_group(title)}:{self.user_name}:{self.channel}"

    async def show_presence(self, title):
        await valkey.set(self.presence_key(title), "1", px=LIFE_MS)

    async def stay_present(self):
        # Not for ever: a cancel may get lost in redis-py, which on Python 3.11 sends under asyncio.wait_for().
        while self.is_open:
            await asyncio.sleep(settings.PRESENCE_SECONDS / 3)
            for title in list(self.titles):
                with contextlib.suppress(ConnectionError):
                    await self.show_presence(title)

    async def users(self, title):
        keys = [key async for key in valkey.scan_iter(f"{room_group(title)}:*", count=1000)]
        return sorted({key.split(":")[1] for key in keys})
