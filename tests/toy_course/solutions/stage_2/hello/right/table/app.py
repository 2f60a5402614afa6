from __future__ import annotations

from wsgiref.types import StartResponse, WSGIEnvironment

PAGES = {"/hello/": ("200 OK", "hello")}


class Site:
    """The pages by their paths."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        status, text = PAGES.get(environ["PATH_INFO"], ("404 Not Found", ""))
        start_response(status, [("Content-Type", "text/plain")])
        return [text.encode()]


application = Site()
