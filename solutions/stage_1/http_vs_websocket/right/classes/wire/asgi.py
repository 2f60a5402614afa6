"""Part B: Django for HTTP; for every WebSocket an object of a class of its own."""

import asyncio
import json
import os
from typing import Any, ClassVar

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wire.settings")

from django.core.asgi import get_asgi_application  # noqa: E402

django = get_asgi_application()


class Counter:
    """One open WebSocket. All those that are open are known to the class."""

    connected: ClassVar["set[Counter]"] = set()

    def __init__(self, scope: Any, receive: Any, send: Any) -> None:
        self.receive, self.send = receive, send
        self.number = 0
        self.outbox: asyncio.Queue[dict[str, object]] = asyncio.Queue()

    @classmethod
    def tell_all(cls, notice: dict[str, object]) -> None:
        """Put it into everybody's outbox; waits for nobody."""
        for counter in cls.connected:
            counter.outbox.put_nowait(notice)

    async def run(self) -> None:
        """From the handshake to the end: answers and notices leave through the same outbox, in order."""
        assert (await self.receive())["type"] == "websocket.connect"
        await self.send({"type": "websocket.accept"})
        self.connected.add(self)
        writer = asyncio.ensure_future(self.write())
        try:
            while await self.handle(await self.receive()):
                pass
        finally:
            self.connected.remove(self)
            writer.cancel()

    async def handle(self, event: dict[str, Any]) -> bool:
        """One event; False when it was the last."""
        if event["type"] == "websocket.disconnect":
            return False
        self.number += 1
        data = event.get("bytes")
        told = {"text": event["text"]} if data is None else {"bytes": len(data)}
        self.outbox.put_nowait({"number": self.number, **told})
        return True

    async def write(self) -> None:
        """Empty the outbox."""
        try:
            while True:
                await self.send({"type": "websocket.send", "text": json.dumps(await self.outbox.get())})
        except OSError:
            pass


class Application:
    """Chooses by type and path."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One connection."""
        match scope:
            case {"type": "websocket", "path": "/ws/counter/"}:
                await Counter(scope, receive, send).run()
            case {"type": "websocket"}:
                await send({"type": "websocket.close", "code": 4404, "reason": "no such place"})
            case _:
                await django(scope, receive, send)


application = Application()
