"""The journal: one line for each request, made around the whole application, so that nothing passes unseen.

    journal {"id": "7f3a", "path": "/seats/hamlet/", "status": 200, "bytes": 19}

`id` is the request's X-Request-Id, "-" without one. The accountant reads it: each line has to be there once, and true.
"""

import json
import sys
from collections.abc import Callable, Iterable
from typing import Any


class Journal:
    """Put it around a WSGI application: `Journal(application)` is one too."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.id = environ.get("HTTP_X_REQUEST_ID", "-")
        self.path = environ["PATH_INFO"]

        def remember(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            self.status = int(status[:3])
            return start_response(status, headers, exc_info)

        body = b"".join(self.application(environ, remember))
        self.write_line(len(body))
        return [body]

    def write_line(self, sent_bytes: int) -> None:
        """Print the line of the request that is over."""
        line = {"id": self.id, "path": self.path, "status": self.status, "bytes": sent_bytes}
        sys.stderr.write(f"journal {json.dumps(line)}\n")
