from __future__ import annotations

from wsgiref.types import StartResponse, WSGIEnvironment


def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    if environ["PATH_INFO"] == "/hello/":
        raise ValueError("hello is not ready")
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"no such page"]
