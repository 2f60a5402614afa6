"""Given: the suppliers and the ministry, and two ways to call them. Nothing to change here."""

import asyncio
import http.client
import os
import time
from contextlib import closing

SUPPLIERS = ("acme", "borealis", "cobalt", "delta", "ember")

# Their address. Unset, as in a terminal of yours, each call takes a second and invents its answer.
UPSTREAM_URL = os.environ.get("UPSTREAM_URL", "")
ALONE_S = 1.0


class UpstreamDown(Exception):
    """It answered, but not with what was asked for."""


def fetch(tag: str) -> str:
    """What they say to this. The thread that calls this waits for it."""
    if not UPSTREAM_URL:
        time.sleep(ALONE_S)
        return f"answer to {tag}"
    with closing(http.client.HTTPConnection(UPSTREAM_URL.removeprefix("http://"))) as connection:
        connection.request("GET", f"/hold/{tag}")
        answer = connection.getresponse()
        body = answer.read()
    if answer.status != 200:
        raise UpstreamDown(f"{tag}: status {answer.status}")
    return body.decode()


async def afetch(tag: str) -> str:
    """The same. Only the task that awaits this waits; cancelled, it closes its connection."""
    if not UPSTREAM_URL:
        await asyncio.sleep(ALONE_S)
        return f"answer to {tag}"
    host, port = UPSTREAM_URL.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(f"GET /hold/{tag} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        await writer.drain()
        answer = await reader.read()
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head:
        raise ConnectionResetError(f"{tag}: the connection was closed")
    status = int(head[9:12])
    if status != 200:
        raise UpstreamDown(f"{tag}: status {status}")
    return body.decode()
