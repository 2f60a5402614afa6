from __future__ import annotations

from collections.abc import Iterator
from wsgiref.types import StartResponse, WSGIEnvironment


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    is_there = environ["PATH_INFO"] == "/hello/"
    start_response("200 OK" if is_there else "404 Not Found", [("Content-Type", "TEXT/PLAIN")])
    for piece in "hello" if is_there else "no such page":
        yield piece.encode()
