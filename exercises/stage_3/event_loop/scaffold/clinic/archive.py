"""Given: the archive, which is slow. It is asked by `ask`, which blocks, or by `aask`, which is awaited."""

import asyncio
import os
import time
import urllib.request

# The archive's address. Unset, as in a terminal of yours, it takes its time and invents what it finds.
UPSTREAM_URL = os.environ.get("UPSTREAM_URL", "")
ALONE_S = 0.5


def ask(question: str) -> str:
    """What the archive knows; its caller's thread waits for it."""
    if not UPSTREAM_URL:
        time.sleep(ALONE_S)
        return f"{question}: nothing new"
    with urllib.request.urlopen(f"{UPSTREAM_URL}/hold/{question}") as answer:
        return answer.read().decode()


async def aask(question: str) -> str:
    """The same, awaited: meanwhile the loop serves others."""
    if not UPSTREAM_URL:
        await asyncio.sleep(ALONE_S)
        return f"{question}: nothing new"
    host, port = UPSTREAM_URL.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(f"GET /hold/{question} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        await writer.drain()
        answer = await reader.read()
    finally:
        writer.close()
    return answer.partition(b"\r\n\r\n")[2].decode()
