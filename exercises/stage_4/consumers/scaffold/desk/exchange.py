"""Given: the exchange, which is slow. `price` holds its thread until it knows; `next_price` is awaited."""

import asyncio
import os
import random
import time
import urllib.request
from urllib.parse import quote

# The exchange's address. Unset, as in a terminal of yours, it takes its time and invents what it tells.
UPSTREAM_URL = os.environ.get("UPSTREAM_URL", "")
ALONE_S = 1.0


class ExchangeError(Exception):
    """The exchange does not trade this article, or cannot be reached."""


def price(sku: str) -> str:
    """The article's price now, as text. Raises ExchangeError."""
    if not UPSTREAM_URL:
        time.sleep(ALONE_S)
        return _invented()
    try:
        with urllib.request.urlopen(f"{UPSTREAM_URL}/hold/price-{quote(sku, safe='')}") as answer:
            return answer.read().decode()
    except OSError as error:
        raise ExchangeError(f"no price of {sku}") from error


async def next_price(sku: str) -> str:
    """The next price that the exchange makes for the article, as text: when there is one. Raises ExchangeError.

    Who is cancelled while it waits hangs up, and the exchange sees that.
    """
    if not UPSTREAM_URL:
        await asyncio.sleep(ALONE_S)
        return _invented()
    host, port = UPSTREAM_URL.removeprefix("http://").split(":")
    try:
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(f"GET /hold/tick-{quote(sku, safe='')} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
            await writer.drain()
            answer = await reader.read()
        finally:
            writer.close()
    except OSError as error:
        raise ExchangeError(f"no prices of {sku}") from error
    head, _, body = answer.partition(b"\r\n\r\n")
    if b" 200 " not in head.partition(b"\r\n")[0]:
        raise ExchangeError(f"no prices of {sku}")
    return body.decode()


def _invented() -> str:
    return f"{random.uniform(10, 99):.2f}"
