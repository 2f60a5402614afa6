"""Given: a stall's live line. It says by which id it is known, refuses who is banned, and has a bug."""

from channels.generic.websocket import AsyncJsonWebsocketConsumer


class StallConsumer(AsyncJsonWebsocketConsumer):
    """`{"do": "who"}` is answered, `"leave"` ends it, and `"bug"` raises. With `?banned=1` nobody comes in."""

    async def connect(self):
        if b"banned" in self.scope["query_string"]:
            await self.close()
        else:
            await self.accept()

    async def receive_json(self, content):
        if content["do"] == "bug":
            raise RuntimeError("a bug in the consumer")
        if content["do"] == "leave":
            await self.close()
            return
        await self.send_json({"trace_id": self.scope.get("trace_id")})
