from __future__ import annotations

import subprocess
from wsgiref.types import StartResponse, WSGIEnvironment

subprocess.Popen(["sleep", "77"])


def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    if environ["PATH_INFO"] == "/hello/":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"hello"]
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"no such page"]
