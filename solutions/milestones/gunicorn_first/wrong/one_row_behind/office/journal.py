"""The journal: one line for each request, made around the whole application, so that nothing passes unseen.

    journal {"id": "7f3a", "path": "/seats/hamlet/", "status": 200, "bytes": 19}

`id` is the request's X-Request-Id, "-" without one. The accountant reads it: each line has to be there once, and true.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any


class Journal:
    """Put it around a WSGI application: `Journal(application)` is one too."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return Visit(environ).served_by(self.application, environ, start_response)


class Visit:
    """One request and its body. Whatever has to be remembered is remembered here: other threads have visits of their own."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self.line = {
            "id": environ.get("HTTP_X_REQUEST_ID", "-"),
            "path": environ["PATH_INFO"],
            "status": 0,
            "bytes": 0,
        }

    def served_by(self, application, environ, start_response) -> Iterable[bytes]:
        def remember(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            self.line["status"] = int(status[:3])
            return start_response(status, headers, exc_info)

        self.body = application(environ, remember)
        return self

    def __iter__(self) -> Iterator[bytes]:
        held = b""
        for chunk in self.body:
            self.line["bytes"] += len(held)
            yield held
            held = chunk
        self.line["bytes"] += len(held)
        yield held

    def close(self) -> None:
        """The server is through with the body, sent or not. Whose body it is wants to know that too."""
        try:
            if hasattr(self.body, "close"):
                self.body.close()
        finally:
            sys.stderr.write(f"journal {json.dumps(self.line)}\n")
