"""Parts B and C on scope, receive and send: only the other pages go to Django."""

import asyncio
import json
import os
from typing import Any
from urllib.parse import parse_qs

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wire.settings")

django = get_asgi_application()

notices: list[dict[str, Any]] = []
news = asyncio.Event()  # set by the next notice, and then replaced by a new one


async def application(scope: Any, receive: Any, send: Any) -> None:
    """One connection."""
    doors = {("http", "/notify/"): notify, ("http", "/poll/"): poll, ("websocket", "/ws/counter/"): counter}
    door = doors.get((scope["type"], scope.get("path")))
    if door is not None:
        await door(scope, receive, send)
    elif scope["type"] == "websocket":
        await send({"type": "websocket.close"})
    else:
        await django(scope, receive, send)


async def answer(send: Any, status: int, body: Any = None) -> None:
    """A whole HTTP answer."""
    headers = [] if body is None else [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if body is None else json.dumps(body).encode()})


async def notify(scope: Any, receive: Any, send: Any) -> None:
    """Read the body, make the notice, let everybody go on."""
    global news
    body, more = b"", True
    while more:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    notices.append({"id": len(notices) + 1, "text": body.decode()})
    news.set()
    news = asyncio.Event()
    await answer(send, 200, {"id": len(notices)})


async def poll(scope: Any, receive: Any, send: Any) -> None:
    """Whichever comes first: a notice, the end of the time, or the visitor's leaving."""
    query = parse_qs(scope["query_string"].decode())
    after, wait_s = int(query.get("after", ["0"])[0]), float(query.get("wait", ["25"])[0])
    if len(notices) <= after:
        waiting = asyncio.create_task(above(after))
        leaving = asyncio.create_task(gone(receive))
        await asyncio.wait({waiting, leaving}, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        has_left = leaving.done()
        waiting.cancel()
        leaving.cancel()
        if has_left:
            return
    new = notices[after:]
    await answer(send, 200 if new else 204, {"notices": new} if new else None)


async def above(number: int) -> None:
    """Return when there is a notice above this one. `news` is looked up anew each time: it is replaced."""
    while len(notices) <= number:
        await news.wait()


async def gone(receive: Any) -> None:
    """Return when the visitor has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def counter(scope: Any, receive: Any, send: Any) -> None:
    """Two tasks, one for each direction: the first to end takes the other along."""
    await receive()
    await send({"type": "websocket.accept"})
    tasks = [asyncio.create_task(count(receive, send)), asyncio.create_task(push(send, len(notices)))]
    done, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def count(receive: Any, send: Any) -> None:
    """The client's direction."""
    number = 0
    while True:
        event = await receive()
        if event["type"] == "websocket.disconnect":
            return
        number += 1
        text, data = event.get("text"), event.get("bytes")
        told = {"text": text} if text is not None else {"bytes": len(data or b"")}
        await send({"type": "websocket.send", "text": json.dumps({"number": number, **told})})


async def push(send: Any, sent: int) -> None:
    """The server's direction: a cursor over the notices, as a long poll has."""
    while True:
        if sent == len(notices):
            await news.wait()
        for notice in notices[sent:]:
            sent += 1
            await send({"type": "websocket.send", "text": json.dumps(notice)})
