"""Calls a WSGI application without a server: `python inspect_wsgi.py shop.wsgi:application /shop/hello/`."""

import argparse
import io
import json
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib import import_module
from typing import Any
from urllib.parse import unquote_to_bytes

Headers = list[tuple[str, str]]


class Report:
    """What an application answers, as it comes."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers: Headers = []
        self.chunks = 0
        self.bytes = 0
        self.closed = False

    def start_response(self, status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
        """What the application says before its body. Said again with `exc_info`, it takes the first one's place."""
        if exc_info is None and self.status is not None:
            raise RuntimeError("start_response was called twice, without exc_info")
        if exc_info is not None and self.bytes:  # an empty chunk sends nothing, the head neither
            raise exc_info[1]
        self.status = int(status.split(" ", 1)[0])
        self.headers = headers
        return self.take

    def take(self, chunk: bytes) -> None:
        """One more piece of the body, yielded or written."""
        self.chunks += 1
        self.bytes += len(chunk)


def environ_for(target: str) -> dict[str, Any]:
    """The environ of a GET request for this path and query, as a server on localhost would make it."""
    path, _, query = target.partition("?")
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        # PEP 3333: the path's bytes, each as the character of the same number.
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": True,
    }


def inspect(application: Callable[..., Any], target: str) -> Report:
    """Get `target` from the application, to the end of its body."""
    report = Report()
    body = application(environ_for(target), report.start_response)
    try:
        for chunk in body:
            report.take(chunk)
    finally:
        if hasattr(body, "close"):
            body.close()
            report.closed = True
    if report.status is None:
        raise RuntimeError("start_response was never called")
    return report


def main() -> None:
    """Make one GET request, and print what came of it as one JSON object."""
    parser = argparse.ArgumentParser(description="Call a WSGI application without a server.")
    parser.add_argument("application", help="where it is, as gunicorn is told: module:name")
    parser.add_argument("target", help="what to get: a path, and perhaps a query")
    arguments = parser.parse_args()

    module, _, name = arguments.application.partition(":")
    # Stdout is the report's alone: whatever the application prints goes where its errors go.
    with redirect_stdout(sys.stderr):
        application = getattr(import_module(module), name or "application")
        report = inspect(application, arguments.target)
    print(json.dumps(vars(report)))


if __name__ == "__main__":
    main()
