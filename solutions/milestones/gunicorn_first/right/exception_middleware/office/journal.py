"""The journal: one line for each request, made around the whole application, so that nothing passes unseen.

    journal {"id": "7f3a", "path": "/seats/hamlet/", "status": 200, "bytes": 19}

`id` is the request's X-Request-Id, "-" without one. The accountant reads it: each line has to be there once, and true.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, nullcontext
from typing import Any


class Journal:
    """Put it around a WSGI application: `Journal(application)` is one too."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        """A generator: each request has local variables of its own, and its `finally` runs when it is closed."""
        status, sent_bytes = "500", 0

        def remember(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status
            status = line
            return start_response(line, headers, exc_info)

        try:
            body: Any = self.application(environ, remember)
            with closing(body) if hasattr(body, "close") else nullcontext():
                for chunk in body:
                    sent_bytes += len(chunk)
                    yield chunk
        finally:
            line = {
                "id": environ.get("HTTP_X_REQUEST_ID", "-"),
                "path": environ["PATH_INFO"],
                "status": int(status[:3]),
                "bytes": sent_bytes,
            }
            sys.stdout.write(f"journal {json.dumps(line)}\n")  # one write: threads tear what is printed in two
            sys.stdout.flush()
