"""The app: one page, and a word for every other path."""

from __future__ import annotations

from wsgiref.types import StartResponse, WSGIEnvironment

PLAIN_TEXT = [("Content-Type", "text/plain; charset=utf-8")]


def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Answer one request."""
    if environ["PATH_INFO"] == "/hello/":
        start_response("200 OK", PLAIN_TEXT)
        return [b"hello"]
    start_response("404 Not Found", PLAIN_TEXT)
    return [b"There is no such page."]
