"""Given: the wire to the world outside: `call` blocks its thread, `acall` is awaited.

Each call says what it is about, for which request it is made, and from which thread.
"""

import asyncio
import os
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import quote

from depot.tracing import request_id

# Where the world outside is. Unset, as in a terminal of yours, it takes its time and agrees with everything.
UPSTREAM_URL = os.environ.get("UPSTREAM_URL", "")
ALONE_S = 1.0


class Refusal(Exception):
    """Answered, but with this status, and with a reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def call(*words: str) -> str:
    """What is answered. Blocks. Raises Refusal or OSError."""
    path = _path(words)
    if not UPSTREAM_URL:
        time.sleep(ALONE_S)
        return " ".join(words)
    try:
        with urllib.request.urlopen(UPSTREAM_URL + path) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            raise Refusal(error.code, error.read().decode()) from None


async def acall(*words: str) -> str:
    """What is answered, awaited. Raises Refusal or OSError."""
    path = _path(words)
    if not UPSTREAM_URL:
        await asyncio.sleep(ALONE_S)
        return " ".join(words)
    host, port = UPSTREAM_URL.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        await writer.drain()
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    if not head:
        raise ConnectionResetError("the world outside hung up")
    if (status := int(head.split()[1])) != 200:
        raise Refusal(status, body.decode())
    return body.decode()


def _path(words: tuple[str, ...]) -> str:
    known = (*words, request_id.get(), threading.current_thread().name)
    return f"/hold/{quote('|'.join(known), safe='')}"
