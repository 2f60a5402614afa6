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
        line: dict[str, Any] = {"id": environ.get("HTTP_X_REQUEST_ID", "-"), "path": environ["PATH_INFO"]}

        def remember(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            line["status"] = int(status.split()[0])
            return start_response(status, headers, *exc_info)

        return Counted(self.application(environ, remember), line)


class Counted:
    """A body that counts what is taken from it."""

    def __init__(self, body: Iterable[bytes], line: dict[str, Any]) -> None:
        self.chunks: Iterator[bytes] = iter(body)
        self.body = body
        self.line = line
        self.sent_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = next(self.chunks)
        self.sent_bytes += len(chunk)
        return chunk

    def close(self) -> None:
        close = getattr(self.body, "close", None)
        if close is not None:
            close()
        sys.stderr.write(f"journal {json.dumps({**self.line, 'bytes': self.sent_bytes})}\n")
