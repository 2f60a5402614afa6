"""Given: the warehouse, which takes its time: `ask` blocks its thread, `aask` is awaited."""

import asyncio
import os
import time
import urllib.request

# Its address. Unset, as in a terminal of yours, it takes half a second.
UPSTREAM_URL = os.environ.get("UPSTREAM_URL", "")
ALONE_S = 0.5


def ask(tag):
    """What it says about the tag."""
    if not UPSTREAM_URL:
        time.sleep(ALONE_S)
        return tag
    with urllib.request.urlopen(f"{UPSTREAM_URL}/hold/{tag}") as answer:
        return answer.read().decode()


async def aask(tag):
    """The same, awaited."""
    if not UPSTREAM_URL:
        await asyncio.sleep(ALONE_S)
        return tag
    host, port = UPSTREAM_URL.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(f"GET /hold/{tag} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        await writer.drain()
        return (await reader.read()).partition(b"\r\n\r\n")[2].decode()
    finally:
        writer.close()
