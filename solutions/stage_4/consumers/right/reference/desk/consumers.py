"""The order desk. One instance for each open socket, whose events come one after the other."""

import asyncio
from contextlib import suppress

from asgiref.sync import ThreadSensitiveContext
from channels.generic.websocket import (
    AsyncJsonWebsocketConsumer,
    AsyncWebsocketConsumer,
    JsonWebsocketConsumer,
)

from desk import exchange
from desk.frames import DESK_OPS, LEGACY_OPS, BadFrame, read


class DeskConsumer(AsyncJsonWebsocketConsumer):
    """/ws/desk/: questions are handled in turn, the push goes on beside them."""

    push = None

    async def __call__(self, scope, receive, send):
        try:
            await super().__call__(scope, receive, send)
        finally:
            # Not in disconnect(): Channels does not call that when a handler has raised.
            await self.end_push()

    async def receive(self, text_data=None, bytes_data=None):
        try:
            op, id_, values = read(text_data, DESK_OPS)
        except BadFrame as error:
            await self.send_json({"error": str(error)})
            return
        await self.send_json({"id": id_, **await getattr(self, op)(*values)})

    async def ping(self):
        return {"pong": True}

    async def quote(self, sku):
        try:
            # Not sync_to_async(): the thread that it takes by itself is the one that all events pass by.
            return {"price": await asyncio.to_thread(exchange.price, sku)}
        except exchange.ExchangeError as error:
            return {"error": str(error)}

    async def tick(self, sku):
        await self.end_push()
        self.push = asyncio.create_task(self.send_prices(sku))
        return {"ticking": sku}

    async def stop(self):
        await self.end_push()
        return {"stopped": True}

    async def send_prices(self, sku):
        with suppress(OSError):  # the client has gone; whoever looks after it will end this task
            try:
                while True:
                    price = await exchange.next_price(sku)
                    await self.send_json({"tick": sku, "price": price})
            except exchange.ExchangeError as error:
                await self.send_json({"tick": sku, "error": str(error)})

    async def end_push(self):
        if self.push is not None:
            self.push.cancel()
            await asyncio.wait([self.push])
            self.push = None


class LegacyConsumer(JsonWebsocketConsumer):
    """/ws/legacy/: plain functions, in a thread of this socket's own."""

    async def __call__(self, scope, receive, send):
        # Else they would run in the one thread that every consumer's events pass by, the async ones' too.
        async with ThreadSensitiveContext():
            await super().__call__(scope, receive, send)

    def receive(self, text_data=None, bytes_data=None):
        try:
            op, id_, values = read(text_data, LEGACY_OPS)
        except BadFrame as error:
            self.send_json({"error": str(error)})
            return
        self.send_json({"id": id_, **getattr(self, op)(*values)})

    def ping(self):
        return {"pong": True}

    def quote(self, sku):
        try:
            return {"price": exchange.price(sku)}
        except exchange.ExchangeError as error:
            return {"error": str(error)}


class EchoConsumer(AsyncWebsocketConsumer):
    """/ws/echo/: bytes come back as bytes, text as text."""

    async def receive(self, text_data=None, bytes_data=None):
        await self.send(text_data=text_data, bytes_data=bytes_data)
