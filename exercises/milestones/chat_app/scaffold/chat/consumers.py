"""Your work: the chat over one socket. So far it is the one that every introduction shows."""

import json

from channels.generic.websocket import AsyncWebsocketConsumer


class ChatConsumer(AsyncWebsocketConsumer):
    """One instance for each open socket; its events come one after the other."""

    async def connect(self):
        self.group = f"chat_{self.scope['room']}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data):
        frame = json.loads(text_data)
        await self.channel_layer.group_send(
            self.group,
            {"type": "chat.message", "from": frame.get("from", "somebody"), "text": frame["text"]},
        )

    async def chat_message(self, event):
        await self.send(json.dumps({"from": event["from"], "text": event["text"]}))
