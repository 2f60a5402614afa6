"""The chat over one socket, written without async: every call to the layer goes through async_to_sync.

All synchronous consumers of a process take turns on one thread, so nothing here may wait for long.
"""

import logging

from asgiref.sync import async_to_sync
from channels.generic.websocket import JsonWebsocketConsumer

from chat import presence
from chat.presence import room_key

logger = logging.getLogger(__name__)


def user_group(user_name):
    return "user_" + user_name


class ChatConsumer(JsonWebsocketConsumer):
    def connect(self):
        self.user_name = self.scope["user_name"]
        self.rooms = set()
        self.group_add(user_group(self.user_name))
        self.accept()

    def disconnect(self, code):
        self.group_discard(user_group(self.user_name))
        for title in list(self.rooms):
            self.leave(title)

    def receive_json(self, content):
        title = content["room"]
        if content["op"] == "join":
            self.join(title)
            self.send_json({"joined": title})
        elif content["op"] == "leave":
            self.leave(title)
            self.send_json({"left": title})
        elif content["op"] == "who":
            self.send_json({"who": title, "users": presence.users(title)})
        elif content["op"] == "say" and title in self.rooms:
            self.group_send(
                room_key(title),
                {
                    "type": "chat_message",
                    "room": title,
                    "from": self.user_name,
                    "text": content["text"],
                    "sender": self.channel_name,
                },
            )
            self.send_json({"said": title})
        else:
            self.send_json({"error": "not in this room"})

    def join(self, title):
        self.rooms.add(title)
        self.group_add(room_key(title))
        presence.enter(title, self.channel_name, self.user_name)

    def leave(self, title):
        self.rooms.discard(title)
        self.group_discard(room_key(title))
        presence.leave(title, self.channel_name)

    # --- events that arrive through the channel layer ---

    def chat_message(self, event):
        if event["sender"] != self.channel_name:
            self.send_json({key: event[key] for key in ("room", "from", "text")})

    def user_notice(self, event):
        self.send_json({"notice": event["text"]})

    def user_kick(self, event):
        self.close(code=4403)

    def accept(self):
        try:
            super().accept()
        except OSError:
            logger.info("%s was gone before it was let in", self.user_name)

    def send_json(self, content, close=False):
        try:
            super().send_json(content, close)
        except OSError:
            # The client has vanished. Let this handler end well, or disconnect() is never called.
            logger.info("%s is gone already", self.user_name)

    # --- the layer speaks async only ---

    def group_add(self, group):
        async_to_sync(self.channel_layer.group_add)(group, self.channel_name)

    def group_discard(self, group):
        async_to_sync(self.channel_layer.group_discard)(group, self.channel_name)

    def group_send(self, group, event):
        async_to_sync(self.channel_layer.group_send)(group, event)
