"""The chat over one socket. The store is the truth; the channel layer only rings a bell when there is news in it."""

import json

from channels.generic.websocket import AsyncWebsocketConsumer

from chat import frames
from chat.models import Member, Message, frame_of


class ChatConsumer(AsyncWebsocketConsumer):
    """One instance for each open socket; its events come one after the other."""

    group = None

    async def __call__(self, scope, receive, send):
        try:
            await super().__call__(scope, receive, send)
        finally:
            # Not in disconnect(): Channels leaves that out when sending to a client that has gone has raised.
            if self.group is not None:
                await self.channel_layer.group_discard(self.group, self.channel_name)

    async def connect(self):
        member = await Member.objects.filter(
            room__title=self.scope["room"], person__name=self.scope["user_name"]
        ).afirst()
        if member is None:
            await self.close()
            return
        self.room_id, self.author_id = member.room_id, member.person_id
        self.pace = frames.Pace()
        self.group = f"room.{self.room_id}"  # of its number: a title may hold what no group's name may
        # First to be told, then look: what comes in between is both in the store and announced.
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        self.seen = self.scope["after"]
        if self.seen is None:
            await self.send_last_page()
        else:
            await self.catch_up()

    async def receive(self, text_data=None, bytes_data=None):
        try:
            key, text = frames.read(text_data)
            if not self.pace.allows_one_more():
                raise frames.BadFrame("too fast", key)
        except frames.BadFrame as refused:
            await self.send_json(refused.answer)
            return
        message, _ = await Message.objects.aget_or_create(
            room_id=self.room_id, author_id=self.author_id, key=key, defaults={"text": text}
        )
        # Also for one that was there already: its first sender may have died before it could ring.
        await self.channel_layer.group_send(self.group, {"type": "room.news"})
        await self.send_json({"ack": key, "id": message.id})

    async def room_news(self, event):
        await self.catch_up()

    async def catch_up(self):
        """Send what the store has more than this client has seen."""
        async for row in Message.objects.after(self.room_id, self.seen):
            await self.send_message(row)

    async def send_last_page(self):
        self.seen = 0
        for row in reversed([row async for row in Message.objects.latest_before(self.room_id)]):
            await self.send_message(row)

    async def send_message(self, row):
        await self.send_json(frame_of(row))
        self.seen = row["id"]

    async def send_json(self, frame):
        await self.send(text_data=json.dumps(frame))
