"""The news carry the message and the number of the one before it: the store is only asked when one is missing."""

import json
import time

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings

from chat import models


class ChatConsumer(AsyncJsonWebsocketConsumer):
    async def connect(self):
        self.sent_at = []
        self.member = await database_sync_to_async(models.membership)(
            self.scope["room"], self.scope["user_name"]
        )
        if self.member is None:
            return await self.close()
        self.group = f"chat-{self.member.room_id}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        if self.scope["after"] is None:
            frames = await database_sync_to_async(models.page)(self.member.room_id)
            self.seen = 0
            await self.show(frames)
        else:
            self.seen = self.scope["after"]
            await self.show_newer()

    async def disconnect(self, code):
        if hasattr(self, "group"):
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data=None, bytes_data=None):
        frame = parsed(text_data)
        if (complaint := wrong_with(frame)) is not None:
            key = {"for": frame["id"]} if isinstance(frame, dict) and "id" in frame else {}
            await self.send_json({"error": complaint, **key})
        elif self.is_too_fast():
            await self.send_json({"error": "slow down", "for": frame["id"]})
        else:
            await self.say(frame["id"], frame["text"])

    def is_too_fast(self):
        now = time.monotonic()
        self.sent_at = [at for at in self.sent_at if at > now - settings.FLOOD_SECONDS]
        if len(self.sent_at) == settings.FLOOD_FRAMES:
            return True
        self.sent_at.append(now)
        return False

    async def say(self, key, text):
        message, previous = await database_sync_to_async(models.keep)(self.member, key, text)
        await self.send_json({"ack": key, "id": message["id"]})
        await self.channel_layer.group_send(
            self.group, {"type": "message.said", "message": message, "previous": previous}
        )

    async def message_said(self, event):
        if event["previous"] == self.seen:
            await self.show([event["message"]])
        elif event["message"]["id"] > self.seen:
            await self.show_newer()

    async def show_newer(self):
        await self.show(await database_sync_to_async(models.newer)(self.member.room_id, self.seen))

    async def show(self, frames):
        for frame in frames:
            await self.send_json(frame)
            self.seen = frame["id"]


def parsed(text_data):
    try:
        return json.loads(text_data)
    except (TypeError, ValueError, RecursionError):
        return None


def wrong_with(frame):
    match frame:
        case {"id": str(key), "text": str(text)} if 1 <= len(key) <= 64 and text:
            # Halves of characters become three bytes here, and are found below.
            if len(text.encode(errors="surrogatepass")) > 4096:
                return "the text is too long"
            return None if (key + text).isprintable() or not any(map(is_half, key + text)) else "half a character"
        case _:
            return 'say {"id": ..., "text": ...}'


def is_half(character):
    return "\ud800" <= character <= "\udfff"
