"""Decorated handlers in a table, and a mixin that guards them; a push is an object that can be ended."""

import asyncio
import contextlib
import json

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from channels.generic.websocket import (
    AsyncJsonWebsocketConsumer,
    AsyncWebsocketConsumer,
    JsonWebsocketConsumer,
)

from desk import exchange


def op(**types):
    """Makes a method an operation, which takes these keys of these types."""

    def named(method):
        method.types = types
        return method

    return named


class Refusal(Exception):
    """What the client is told in place of an answer."""


class Operations:
    """Finds the method that a frame asks for, and what it is called with."""

    def called(self, text):
        try:
            frame = json.loads(text or "")
            method = getattr(self, f"op_{frame['op']}")
            values = {key: frame[key] for key in method.types}
            id_ = frame["id"]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise Refusal("not understood") from None
        if not all(isinstance(values[key], kind) for key, kind in method.types.items()):
            raise Refusal("a value of another type was wanted")
        return method, values, id_


class OwnThread:
    """What is plain in this consumer runs in a thread of its socket, and not in that of the process."""

    async def __call__(self, *asgi):
        async with ThreadSensitiveContext():
            await super().__call__(*asgi)


class Push:
    """Prices of one article for one socket, until it is ended."""

    def __init__(self, tell, sku):
        self.tell, self.sku = tell, sku
        self.task = asyncio.create_task(self.run())

    async def run(self):
        with contextlib.suppress(OSError):
            while True:
                try:
                    frame = {"tick": self.sku, "price": await exchange.next_price(self.sku)}
                except exchange.ExchangeError:
                    await self.tell({"tick": self.sku, "error": "no more prices"})
                    return
                await self.tell(frame)

    async def end(self):
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


class DeskConsumer(OwnThread, Operations, AsyncJsonWebsocketConsumer):
    async def __call__(self, *asgi):
        async with contextlib.AsyncExitStack() as self.pushing:
            await super().__call__(*asgi)

    async def receive(self, text_data=None, bytes_data=None):
        try:
            method, values, id_ = self.called(text_data)
        except Refusal as refusal:
            answer = {"error": str(refusal)}
        else:
            try:
                answer = {"id": id_, **await method(**values)}
            except Refusal as refusal:
                answer = {"id": id_, "error": str(refusal)}
        await self.send_json(answer)

    @op()
    async def op_ping(self):
        return {"pong": True}

    @op(sku=str)
    async def op_quote(self, sku):
        try:
            return {"price": await sync_to_async(exchange.price)(sku)}
        except exchange.ExchangeError as error:
            raise Refusal(error) from error

    @op(sku=str)
    async def op_tick(self, sku):
        await self.pushing.aclose()
        self.pushing.push_async_callback(Push(self.send_json, sku).end)
        return {"ticking": sku}

    @op()
    async def op_stop(self):
        await self.pushing.aclose()
        return {"stopped": True}


class LegacyConsumer(OwnThread, Operations, JsonWebsocketConsumer):
    def receive(self, text_data=None, bytes_data=None):
        try:
            method, values, id_ = self.called(text_data)
            self.send_json({"id": id_, **method(**values)})
        except Refusal as refusal:
            self.send_json({"error": str(refusal)})

    @op()
    def op_ping(self):
        return {"pong": True}

    @op(sku=str)
    def op_quote(self, sku):
        try:
            return {"price": exchange.price(sku)}
        except exchange.ExchangeError as error:
            return {"error": str(error)}


class EchoConsumer(AsyncWebsocketConsumer):
    async def receive(self, **frame):
        await self.send(**frame)
