"""The access ledger: one line for each request, whatever becomes of it. WSGI middleware, around the whole app."""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from mall import journal

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class AccessLedger:
    """Gives each request an id, and writes one line of `mall.journal` when its response is over.

    One object serves all requests, at the same time and in turns: what belongs to one of them lives in its Entry.
    """

    def __init__(self, app: WSGIApp) -> None:
        self.app = app
        self.entries: dict[str, Entry] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        entry = Entry(environ)
        self.entries[entry.request_id] = entry

        def started(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Callable[[bytes], Any]:
            entry.status = int(status[:3])
            # exc_info is passed on as it came: only the server knows whether the head has already left.
            write = start_response(status, [*headers, ("X-Request-Id", entry.request_id)], *exc_info)

            def counted(data: bytes) -> None:
                entry.body_bytes += len(data)
                write(data)

            return counted

        try:
            body = self.app(environ, started)
        except BaseException:
            # No body, so nobody will call close(). The server is about to answer 500.
            entry.status = 500
            entry.write()
            raise
        return Body(body, entry.request_id, self.entries)


class Entry:
    """One request's line, filled in as the response goes by."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self.request_id: str = environ.setdefault("HTTP_X_REQUEST_ID", uuid.uuid4().hex)
        self.method = str(environ["REQUEST_METHOD"])
        self.path = str(environ.get("PATH_INFO", ""))
        self.status = 500
        self.body_bytes = 0
        self._started_s = time.monotonic()
        self._is_written = False

    def write(self) -> None:
        """Add the line to the ledger, the first time."""
        if self._is_written:
            return
        self._is_written = True
        journal.write(
            request_id=self.request_id,
            method=self.method,
            path=self.path,
            status=self.status,
            body_bytes=self.body_bytes,
            duration_ms=(time.monotonic() - self._started_s) * 1000,
        )


class Body:
    """The app's body: each chunk when the server asks for it, and `close` when the server is through."""

    def __init__(self, body: Iterable[bytes], request_id: str, entries: dict[str, Entry]) -> None:
        self._body = body
        self._chunks = iter(body)
        self._request_id = request_id
        self._entries = entries

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = next(self._chunks)
        self._entries[self._request_id].body_bytes += len(chunk)
        return chunk

    def close(self) -> None:
        """Called by the server after the last chunk, after an error, and when the visitor has left."""
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        finally:
            self._entries[self._request_id].write()
