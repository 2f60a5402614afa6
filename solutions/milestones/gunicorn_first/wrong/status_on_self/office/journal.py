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

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        identity, path = environ.get("HTTP_X_REQUEST_ID", "-"), environ["PATH_INFO"]
        sent_bytes = 0

        def remember(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            self.status = int(status[:3])
            return start_response(status, headers, exc_info)

        body: Any = self.application(environ, remember)
        try:
            for chunk in body:
                sent_bytes += len(chunk)
                yield chunk
        finally:
            body.close()
            line = {"id": identity, "path": path, "status": self.status, "bytes": sent_bytes}
            sys.stderr.write(f"journal {json.dumps(line)}\n")
