"""The chat without a consumer class: one task reads what the client says, another writes what is new in its room.

Many messages at once are one look into the store, and a client that reads nothing for a while is sent away.
"""

import asyncio
import json
from time import monotonic

from channels.layers import get_channel_layer
from django.conf import settings
from django.db import IntegrityError

from chat.models import Member, Message

PATIENCE_S = 30


class ChatConsumer:
    def __init__(self, scope, receive, send):
        self.scope, self.receive, self.send = scope, receive, send
        self.layer = get_channel_layer()
        self.news = asyncio.Event()
        self.starts = [-float("inf")] * settings.FLOOD_FRAMES  # of the last so many frames, in a ring

    @classmethod
    def as_asgi(cls):
        async def application(scope, receive, send):
            await cls(scope, receive, send).run()

        return application

    async def run(self):
        await self.receive()
        membership = Member.objects.filter(
            person__name=self.scope["user_name"], room__title=self.scope["room"]
        )
        ids = await membership.values_list("room_id", "person_id").afirst()
        if ids is None:
            await self.send({"type": "websocket.close"})
            return
        self.room_id, self.person_id = ids
        self.group = f"room_{self.room_id}"
        channel = await self.layer.new_channel()
        await self.layer.group_add(self.group, channel)
        tasks = []
        try:
            await self.send({"type": "websocket.accept"})
            works = (self.listen(channel), self.write(), self.read())
            tasks = [asyncio.create_task(work) for work in works]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        except OSError:
            pass
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.layer.group_discard(self.group, channel)

    async def listen(self, channel):
        while True:
            await self.layer.receive(channel)
            self.news.set()

    async def write(self):
        rows = Message.objects.filter(room_id=self.room_id).values_list("id", "author__name", "text")
        seen = self.scope["after"]
        if seen is None:
            oldest = await rows.order_by("-id").values_list("id", flat=True)[49:50].afirst()
            seen = (oldest or 1) - 1
        while True:
            self.news.clear()
            async for number, author, text in rows.filter(id__gt=seen).order_by("id"):
                await self.tell({"id": number, "from": author, "text": text})
                seen = number
            await self.news.wait()

    async def read(self):
        while (event := await self.receive())["type"] == "websocket.receive":
            await self.tell(await self.answer(event.get("text")))

    async def answer(self, words):
        try:
            frame = json.loads(words or "")
            key, text = frame["id"], frame["text"]
            size = len(text.encode())
            if not (1 <= len(key) <= 64 and key.encode() and size):
                return {"error": "an id of 1 to 64 characters, and a text"}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return {"error": "not what was agreed"}
        if size > 4096:
            return {"error": "at most 4096 bytes", "for": key}
        if self.starts[0] > monotonic() - settings.FLOOD_SECONDS:
            return {"error": "too many", "for": key}
        self.starts = [*self.starts[1:], monotonic()]
        ours = {"room_id": self.room_id, "author_id": self.person_id, "key": key}
        try:
            message = await Message.objects.acreate(**ours, text=text)
        except IntegrityError:
            message = await Message.objects.aget(**ours)
        await self.layer.group_send(self.group, {"type": "news"})
        return {"ack": key, "id": message.id}

    async def tell(self, frame):
        # Both tasks send; a frame is handed over whole.
        message = {"type": "websocket.send", "text": json.dumps(frame)}
        await asyncio.wait_for(self.send(message), PATIENCE_S)
