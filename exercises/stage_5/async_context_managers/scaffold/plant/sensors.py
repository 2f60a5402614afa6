"""Given: the client of the sensor hub. Nothing to change here.

    sensor = await Sensor.lease("boiler")    # the hub keeps it for you
    await sensor.read()                      # its value, as text
    await sensor.release()                   # and now for others

    line = await Line.open()
    await line.status()
    await line.close()

Each of these takes its time, and may raise HubDown or an OSError. A `lease` or an `open` that raises, or is cancelled,
has left nothing behind. A `release` that is cancelled is broken off: the hub keeps the sensor leased.
"""

import asyncio
import os

# The hub's address. Unset, as in a terminal of yours, it takes its time and invents values.
UPSTREAM_URL = os.environ.get("UPSTREAM_URL", "")
ALONE_S = 0.5

# The connections in use. An event loop does not keep a waiting task alive: one that waits for a stream which nobody
# else holds may be collected as garbage.
_connections: set[asyncio.StreamReader] = set()


class HubDown(Exception):
    """The hub answered, but with a refusal; its reason is the message."""


class Sensor:
    """One sensor, leased. Several of one process may be asked at the same time."""

    def __init__(self, name: str) -> None:
        self.name = name

    @classmethod
    async def lease(cls, name: str) -> "Sensor":
        """The sensor of this name, once the hub has agreed."""
        await _call(f"lease-{name}")
        return cls(name)

    async def read(self) -> str:
        """What it measures now. Cancelled, it hangs up."""
        return await _call(f"read-{self.name}")

    async def release(self) -> None:
        """Give it back, and wait until the hub has confirmed that. Once: later it may be somebody else's."""
        await _call(f"release-{self.name}")


class Line:
    """An open line to the hub's own desk. It belongs to the event loop that opened it, and to its process."""

    def __init__(self) -> None:
        self._home = (os.getpid(), asyncio.get_running_loop())

    @classmethod
    async def open(cls) -> "Line":
        """A new line, once the hub has agreed to it."""
        await _call(f"open-{os.getpid()}")
        return cls()

    async def status(self) -> str:
        """How the hub feels. For many at the same time."""
        if self._home != (os.getpid(), asyncio.get_running_loop()):
            raise RuntimeError("this line was opened in another process, or on another event loop")
        return await _call(f"status-{os.getpid()}")

    async def close(self) -> None:
        """Say goodbye, and wait until the hub has taken note of it."""
        await _call(f"close-{os.getpid()}")


async def _call(tag: str) -> str:
    if not UPSTREAM_URL:
        await asyncio.sleep(ALONE_S)
        return "20.5"
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
        raise HubDown(body.decode() or "no answer")
    return body.decode()
