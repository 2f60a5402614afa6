"""Your work: the chat over one socket.

It talks already, as long as everybody is connected to the same process.
"""

from channels.generic.websocket import AsyncJsonWebsocketConsumer

# Room title -> the sockets in it. A process knows its own sockets only.
ROOMS = {}


class ChatConsumer(AsyncJsonWebsocketConsumer):
    """One instance for each open socket; its events come one after the other."""

    async def connect(self):
        self.user_name = self.scope["user_name"]
        await self.accept()

    async def disconnect(self, code):
        for sockets in ROOMS.values():
            sockets.discard(self)

    async def receive_json(self, content):
        match content["op"]:
            case "join":
                ROOMS.setdefault(content["room"], set()).add(self)
                await self.send_json({"joined": content["room"]})
            case "say":
                for socket in ROOMS.get(content["room"], set()) - {self}:
                    await socket.send_json(
                        {"room": content["room"], "from": self.user_name, "text": content["text"]}
                    )
                await self.send_json({"said": content["room"]})
            case _:
                await self.send_json({"error": "not written yet"})
