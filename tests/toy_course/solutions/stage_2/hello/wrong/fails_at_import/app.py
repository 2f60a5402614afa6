from __future__ import annotations

from wsgiref.types import StartResponse, WSGIEnvironment

PAGES = {"/hello/": "hello"}
GREETING = PAGES["/Hello/"]

def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    if environ["PATH_INFO"] == "/hello/":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [GREETING.encode()]
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"no such page"]
