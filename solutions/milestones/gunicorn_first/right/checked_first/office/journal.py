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
        line["status"] = 500  # what the server answers when the application does not

        def remember(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            line["status"] = int(status.split()[0])
            return start_response(status, headers, *exc_info)

        counted = Counted(line)
        try:
            counted.body = self.application(environ, remember)
        except BaseException:
            counted.close()
            raise
        return counted


class Counted:
    """A body that counts what is taken from it."""

    def __init__(self, line: dict[str, Any]) -> None:
        self.body: Iterable[bytes] = ()
        self.line = line
        self.sent_bytes = 0
        self.is_open = True

    def __iter__(self) -> Iterator[bytes]:
        self.chunks = iter(self.body)
        return self

    def __next__(self) -> bytes:
        chunk = next(self.chunks)
        self.sent_bytes += len(chunk)
        return chunk

    def close(self) -> None:
        is_first, self.is_open = self.is_open, False
        try:
            getattr(self.body, "close", lambda: None)()
        finally:
            if is_first:
                sys.stderr.write(f"journal {json.dumps({**self.line, 'bytes': self.sent_bytes})}\n")
