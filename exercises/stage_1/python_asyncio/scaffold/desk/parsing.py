"""Given: the exchange's own parser. It blocks, and there is no async version of it. Nothing to change here."""

import hashlib
import http.client
import os
from contextlib import closing

UPSTREAM_URL = os.environ.get("UPSTREAM_URL", "")
ROUNDS_PER_LEVEL = 8


def parse(symbol: str, raw: bytes) -> str:
    """The price in an answer of `fetch`. Never raises. Quick, unless a whole order book comes with it."""
    price, _, levels = raw.decode().partition(" ")
    if levels:
        _read_book(symbol, int(levels))
    return price


def _read_book(symbol: str, levels: int) -> None:
    """Busy until the book is read. Where there is an upstream, it is told of the start and says when the end is."""
    if UPSTREAM_URL:
        with closing(http.client.HTTPConnection(UPSTREAM_URL.removeprefix("http://"))) as connection:
            connection.request("GET", f"/hold/parse-{symbol}")
            connection.getresponse().read()
        return
    page = symbol.encode()
    for _ in range(levels * ROUNDS_PER_LEVEL):
        page = hashlib.sha256(page).digest()
