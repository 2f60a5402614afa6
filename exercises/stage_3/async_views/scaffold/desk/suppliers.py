"""Given: the five suppliers, and two ways to ask one of them for its price. Nothing to change here."""

import asyncio
import http.client
import os
import time
from contextlib import closing

NAMES = ("acme", "borealis", "cobalt", "delta", "ember")

# The suppliers' address. Unset, as in a terminal of yours, each takes its own time and invents a price.
UPSTREAM_URL = os.environ.get("UPSTREAM_URL", "")
ALONE_S = {"acme": 1.2, "borealis": 0.9, "cobalt": 1.5, "delta": 0.6, "ember": 1.1}


class SupplierDown(Exception):
    """The supplier answered, but with no price."""


def fetch(name: str) -> str:
    """The supplier's price, as text. The thread that calls this waits until the supplier answers."""
    if not UPSTREAM_URL:
        time.sleep(ALONE_S[name])
        return _invented(name)
    with closing(http.client.HTTPConnection(UPSTREAM_URL.removeprefix("http://"))) as connection:
        connection.request("GET", f"/hold/{name}")
        answer = connection.getresponse()
        body = answer.read()
    if answer.status != 200:
        raise SupplierDown(f"{name} answered {answer.status}")
    return body.decode()


async def afetch(name: str) -> str:
    """The supplier's price, as text. Only the task that awaits this waits; cancelled, it closes its connection."""
    if not UPSTREAM_URL:
        await asyncio.sleep(ALONE_S[name])
        return _invented(name)
    host, port = UPSTREAM_URL.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(f"GET /hold/{name} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        await writer.drain()
        answer = await reader.read()
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head[:12].decode()  # HTTP/1.1 200
    if not status.endswith(" 200"):
        raise SupplierDown(f"{name} answered {status}")
    return body.decode()


def _invented(name: str) -> str:
    return f"{10 + 10 * ALONE_S[name]:.2f}"
