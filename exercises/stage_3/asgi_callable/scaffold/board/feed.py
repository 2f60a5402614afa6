"""Given: the line to the railway's feed of departures. Nothing to change here.

A process needs one: `feed = await Feed.open()`, then `await feed.ask(station)` as often as it likes, also many at the
same time, and in the end `await feed.close()`. Each of the three may raise FeedDown or an OSError.
"""

import asyncio
import os

from board.models import Departure  # one of Django's models: Django has to be set up before this line runs

# The feed's address. Unset, as in a terminal of yours, it takes its time and invents departures.
UPSTREAM_URL = os.environ.get("UPSTREAM_URL", "")
ALONE_S = 0.5

# The connections in use. An event loop does not keep a waiting task alive, and uvicorn keeps its lifespan's only until
# that has started: a task that waits for a stream which nobody else holds may be collected as garbage.
_connections: set[asyncio.StreamReader] = set()


class FeedDown(Exception):
    """The feed answered, but with a refusal; its reason is the message."""


class Feed:
    """An open line. It belongs to the event loop that opened it, and to its process."""

    def __init__(self) -> None:
        self._home = (os.getpid(), asyncio.get_running_loop())
        self._is_closed = False

    @classmethod
    async def open(cls) -> "Feed":
        """A new line, once the feed has agreed to it."""
        await _call(f"open-{os.getpid()}")
        return cls()

    async def ask(self, station: str) -> Departure:
        """The next departure there. Cancelled, it hangs up."""
        if self._is_closed:
            raise RuntimeError("this line is closed")
        if self._home != (os.getpid(), asyncio.get_running_loop()):
            raise RuntimeError("this line was opened in another process, or on another event loop")
        return Departure(station=station, text=await _call(station))

    async def close(self) -> None:
        """Say goodbye, and wait until the feed has taken note of it."""
        self._is_closed = True
        await _call(f"close-{os.getpid()}")


async def _call(tag: str) -> str:
    if not UPSTREAM_URL:
        await asyncio.sleep(ALONE_S)
        return f"{tag}: 12:00"
    host, port = UPSTREAM_URL.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    _connections.add(reader)
    try:
        writer.write(f"GET /hold/{tag} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        await writer.drain()
        answer = await reader.read()
    finally:
        _connections.discard(reader)
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    if b" 200 " not in head[:13]:  # HTTP/1.1 200
        raise FeedDown(body.decode())
    return body.decode()
