"""Given: one call to an upstream, by asyncio alone. Nothing to change here."""

import asyncio
import os

# The upstreams' address. Unset, as in a terminal of yours, each symbol takes its own time and invents a price.
UPSTREAM_URL = os.environ.get("UPSTREAM_URL", "")


class UpstreamError(Exception):
    """The upstream answered, but with no price."""


async def fetch(symbol: str) -> bytes:
    """The upstream's raw answer, for `parse`. Raises UpstreamError or OSError. Cancelled, it closes its connection."""
    if not UPSTREAM_URL:
        return await _invented(symbol)
    host, port = UPSTREAM_URL.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(f"GET /hold/{symbol} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        await writer.drain()
        answer = await reader.read()
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head[:12].decode("ascii", "replace")  # HTTP/1.1 200
    if not status.endswith(" 200"):
        raise UpstreamError(f"{symbol}: {status or 'no answer'}")
    return body


async def _invented(symbol: str) -> bytes:
    """By hand: DOWN fails, HANG never answers, BOOK brings a whole order book, all others take up to 1.5 s."""
    if symbol == "HANG":
        await asyncio.Event().wait()
    await asyncio.sleep(0.3 + sum(symbol.encode()) % 13 / 10)
    if symbol == "DOWN":
        raise UpstreamError(f"{symbol}: HTTP/1.1 503")
    levels = b" 250000" if symbol == "BOOK" else b""
    return f"{sum(symbol.encode()) / 10:.2f}".encode() + levels
