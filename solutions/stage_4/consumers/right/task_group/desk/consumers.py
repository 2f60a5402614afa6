"""One floor lower: AsyncConsumer and SyncConsumer, with a task for each question and one group around them all."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from asgiref.sync import ThreadSensitiveContext
from channels.consumer import AsyncConsumer, SyncConsumer
from channels.exceptions import StopConsumer

from desk import exchange

# As many questions as the exchange may be asked at once; more wait here, and hold up nobody.
ASKING = ThreadPoolExecutor(32, thread_name_prefix="exchange")


class Odd(Exception):
    """A frame that is none of ours."""


def parsed(event):
    try:
        frame = json.loads(event.get("text") or "")
        if not isinstance(frame, dict):
            raise Odd("not an object")
        return str(frame["op"]), frame["id"], frame
    except (ValueError, KeyError, RecursionError) as error:
        raise Odd(repr(error)) from error


def sku_of(frame):
    if isinstance(sku := frame.get("sku"), str):
        return sku
    raise Odd("sku is a text")


class DeskConsumer(AsyncConsumer):
    async def __call__(self, scope, receive, send):
        self.push = None
        # Who leaves the group's block by an error takes all of its tasks along; who leaves it otherwise cancels them.
        async with asyncio.TaskGroup() as self.tasks:
            self.questions = set()
            await super().__call__(scope, receive, send)
            for task in {*self.questions, self.push} - {None}:
                task.cancel()

    async def websocket_connect(self, event):
        with suppress(OSError):
            await self.send({"type": "websocket.accept"})

    async def websocket_disconnect(self, event):
        raise StopConsumer

    async def websocket_receive(self, event):
        try:
            await self.act(*parsed(event))
        except Odd as odd:
            await self.tell(error=str(odd))

    async def act(self, op, id_, frame):
        if op == "ping":
            await self.tell(id=id_, pong=True)
        elif op == "quote":
            task = self.tasks.create_task(self.quote(id_, sku_of(frame)))
            self.questions.add(task)
            task.add_done_callback(self.questions.discard)
        elif op == "tick":
            sku = sku_of(frame)
            await self.hush()
            self.push = self.tasks.create_task(self.follow(sku))
            await self.tell(id=id_, ticking=sku)
        elif op == "stop":
            await self.hush()
            await self.tell(id=id_, stopped=True)
        else:
            raise Odd("no such op")

    async def quote(self, id_, sku):
        loop = asyncio.get_running_loop()
        try:
            price = await loop.run_in_executor(ASKING, exchange.price, sku)
        except exchange.ExchangeError as error:
            await self.tell(id=id_, error=str(error))
        else:
            await self.tell(id=id_, price=price)

    async def follow(self, sku):
        try:
            while True:
                await self.tell(tick=sku, price=await exchange.next_price(sku))
        except exchange.ExchangeError as error:
            await self.tell(tick=sku, error=str(error))

    async def hush(self):
        if self.push is not None:
            self.push.cancel()
            await asyncio.wait({self.push})

    async def tell(self, **frame):
        with suppress(OSError):  # nobody is there any more; the disconnect is on its way
            await self.send({"type": "websocket.send", "text": json.dumps(frame)})


class LegacyConsumer(SyncConsumer):
    async def __call__(self, scope, receive, send):
        with ThreadPoolExecutor(1) as own:
            async with ThreadSensitiveContext(executor=own):
                await super().__call__(scope, receive, send)

    def websocket_connect(self, event):
        self.send({"type": "websocket.accept"})

    def websocket_disconnect(self, event):
        raise StopConsumer

    def websocket_receive(self, event):
        try:
            op, id_, frame = parsed(event)
            answer = {"ping": self.ping, "quote": self.quote}.get(op, self.refuse)(frame)
        except Odd as odd:
            answer = {"error": str(odd)}
        else:
            answer = {"id": id_, **answer}
        self.send({"type": "websocket.send", "text": json.dumps(answer)})

    def ping(self, frame):
        return {"pong": True}

    def quote(self, frame):
        sku = sku_of(frame)
        try:
            return {"price": exchange.price(sku)}
        except exchange.ExchangeError as error:
            return {"error": str(error)}

    def refuse(self, frame):
        raise Odd("no such op")


class EchoConsumer(AsyncConsumer):
    async def websocket_connect(self, event):
        await self.send({"type": "websocket.accept"})

    async def websocket_receive(self, event):
        await self.send({**event, "type": "websocket.send"})

    async def websocket_disconnect(self, event):
        raise StopConsumer
