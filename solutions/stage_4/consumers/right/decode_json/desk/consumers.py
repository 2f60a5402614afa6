"""Channels' own hooks: decode_json for what cannot be read, patterns for what can, disconnect() for the end."""

import asyncio
import json
from contextlib import suppress

from asgiref.sync import sync_to_async
from channels.consumer import get_handler_name
from channels.generic.websocket import (
    AsyncJsonWebsocketConsumer,
    AsyncWebsocketConsumer,
    JsonWebsocketConsumer,
)

from desk.exchange import ExchangeError, next_price, price

UNREADABLE = {"error": "send a JSON object as text"}
UNKNOWN = {"error": "this is no operation of the desk"}
# In threads of their own, and not in the one that waits for the database and the sync consumers.
aprice = sync_to_async(price, thread_sensitive=False)


def decoded(text):
    """None for what is no JSON: no pattern matches that."""
    with suppress(ValueError):
        return json.loads(text)
    return None


class DeskConsumer(AsyncJsonWebsocketConsumer):
    async def connect(self):
        self.pushes = set()
        await self.accept()

    async def disconnect(self, code):
        await self.end_pushes()

    async def receive(self, text_data=None, bytes_data=None, **kwargs):
        await super().receive(text_data=text_data or "null", **kwargs)

    @classmethod
    async def decode_json(cls, text_data):
        return decoded(text_data)

    async def send_json(self, content, close=False):
        with suppress(OSError):  # the client has gone; disconnect() follows
            await super().send_json(content, close)

    async def receive_json(self, content, **kwargs):
        match content:
            case {"op": "ping", "id": id_}:
                answer = {"id": id_, "pong": True}
            case {"op": "quote", "id": id_, "sku": str(sku)}:
                try:
                    answer = {"id": id_, "price": await aprice(sku)}
                except ExchangeError:
                    answer = {"id": id_, "error": f"no price of {sku}"}
            case {"op": "tick", "id": id_, "sku": str(sku)}:
                await self.end_pushes()
                self.pushes.add(asyncio.ensure_future(self.push(sku)))
                answer = {"id": id_, "ticking": sku}
            case {"op": "stop", "id": id_}:
                await self.end_pushes()
                answer = {"id": id_, "stopped": True}
            case dict():
                answer = UNKNOWN
            case _:
                answer = UNREADABLE
        await self.send_json(answer)

    async def push(self, sku):
        try:
            while True:
                await self.send_json({"tick": sku, "price": await next_price(sku)})
        except ExchangeError:
            await self.send_json({"tick": sku, "error": "the exchange is down"})

    async def end_pushes(self):
        while self.pushes:
            task = self.pushes.pop()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


class LegacyConsumer(JsonWebsocketConsumer):
    @sync_to_async(thread_sensitive=False)
    def dispatch(self, message):
        getattr(self, get_handler_name(message))(message)

    def receive(self, text_data=None, bytes_data=None, **kwargs):
        super().receive(text_data=text_data or "null", **kwargs)

    @classmethod
    def decode_json(cls, text_data):
        return decoded(text_data)

    def receive_json(self, content, **kwargs):
        match content:
            case {"op": "ping", "id": id_}:
                self.send_json({"id": id_, "pong": True})
            case {"op": "quote", "id": id_, "sku": str(sku)}:
                try:
                    self.send_json({"id": id_, "price": price(sku)})
                except ExchangeError:
                    self.send_json({"id": id_, "error": f"no price of {sku}"})
            case dict():
                self.send_json(UNKNOWN)
            case _:
                self.send_json(UNREADABLE)


class EchoConsumer(AsyncWebsocketConsumer):
    async def receive(self, text_data=None, bytes_data=None):
        if bytes_data is not None:
            await self.send(bytes_data=bytes_data)
        else:
            await self.send(text_data=text_data)
