"""The app. It knows no page yet."""

from __future__ import annotations

from wsgiref.types import StartResponse, WSGIEnvironment


def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Answer one request."""
    start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
    return [b"There is no such page."]
