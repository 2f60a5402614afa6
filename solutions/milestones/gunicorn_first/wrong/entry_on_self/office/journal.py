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
        self.entry = {
            "id": environ.get("HTTP_X_REQUEST_ID", "-"),
            "path": environ["PATH_INFO"],
            "status": 0,
            "bytes": 0,
        }

        def remember(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            self.entry["status"] = int(status[:3])
            return start_response(status, headers, exc_info)

        body = self.application(environ, remember)
        return Counted(body, self.entry)


class Counted:
    """A body that counts what passes, in the entry of its request."""

    def __init__(self, body: Iterable[bytes], line: dict[str, Any]) -> None:
        self.body = body
        self.line = line

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.body:
            self.line["bytes"] += len(chunk)
            yield chunk

    def close(self) -> None:
        """The server is through with the body, sent or not. Whose body it is wants to know that too."""
        try:
            if hasattr(self.body, "close"):
                self.body.close()
        finally:
            sys.stderr.write(f"journal {json.dumps(self.line)}\n")
