"""The chat over one socket, with no second store: `who` asks the room itself.

A roll call goes to the group with a number and the caller's channel name. Whoever is alive answers to that channel.
The dead cannot answer, so there is nothing to expire. The price: every `who` wakes every member, and must wait a while.
"""

import asyncio
import contextlib
import json
import uuid
from base64 import b32encode
from hashlib import blake2b

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

ANSWERS_WITHIN_S = min(0.3, settings.PRESENCE_SECONDS / 2)


def room_group(title):
    digest = blake2b(title.encode(), digest_size=30).digest()
    return "chat-room-" + b32encode(digest).decode()


def user_group(user_name):
    return "chat-user-" + user_name


class ChatConsumer(AsyncWebsocketConsumer):
    async def __call__(self, scope, receive, send):
        async def send_if_there(message):
            # uvicorn raises when the client has just vanished. Its disconnect event is on the way: that one counts.
            with contextlib.suppress(OSError):
                await send(message)

        await super().__call__(scope, receive, send_if_there)

    async def connect(self):
        self.user_name = self.scope["user_name"]
        self.titles = set()
        self.roll_calls = {}  # number -> names that have answered so far
        self.tasks = set()
        await self.channel_layer.group_add(user_group(self.user_name), self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        for task in self.tasks:
            task.cancel()
        for title in self.titles:
            await self.channel_layer.group_discard(room_group(title), self.channel_name)
        await self.channel_layer.group_discard(user_group(self.user_name), self.channel_name)

    async def receive(self, text_data=None, bytes_data=None):
        content = json.loads(text_data)
        operation = getattr(self, "op_" + content["op"])
        await operation(content)

    async def reply(self, **frame):
        await self.send(text_data=json.dumps(frame))

    async def op_join(self, content):
        title = content["room"]
        await self.channel_layer.group_add(room_group(title), self.channel_name)
        self.titles.add(title)
        await self.reply(joined=title)

    async def op_leave(self, content):
        title = content["room"]
        self.titles.discard(title)
        await self.channel_layer.group_discard(room_group(title), self.channel_name)
        await self.reply(left=title)

    async def op_say(self, content):
        title = content["room"]
        if title not in self.titles:
            await self.reply(error=f"join {title[:40]!r} before you speak in it")
            return
        await self.channel_layer.group_send(
            room_group(title),
            {
                "type": "chat.line",
                "title": title,
                "author": self.user_name,
                "text": content["text"],
                "except": self.channel_name,
            },
        )
        await self.reply(said=title)

    async def op_who(self, content):
        # Answers arrive as events, and no event is handled before this one returns: the waiting is another task's.
        task = asyncio.create_task(self.call_the_roll(content["room"]))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def call_the_roll(self, title):
        number = uuid.uuid4().hex
        self.roll_calls[number] = set()
        await self.channel_layer.group_send(
            room_group(title), {"type": "roll.call", "number": number, "answer_to": self.channel_name}
        )
        await asyncio.sleep(ANSWERS_WITHIN_S)
        await self.reply(who=title, users=sorted(self.roll_calls.pop(number)))

    # --- events that arrive through the channel layer ---

    async def chat_line(self, event):
        if event["except"] != self.channel_name and event["title"] in self.titles:
            await self.reply(room=event["title"], **{"from": event["author"]}, text=event["text"])

    async def roll_call(self, event):
        answer = {"type": "roll.answer", "number": event["number"], "user": self.user_name}
        await self.channel_layer.send(event["answer_to"], answer)

    async def roll_answer(self, event):
        # An answer that comes too late finds its call gone.
        self.roll_calls.get(event["number"], set()).add(event["user"])

    async def user_notice(self, event):
        await self.reply(notice=event["text"])

    async def user_kick(self, event):
        await self.close(code=4403)
