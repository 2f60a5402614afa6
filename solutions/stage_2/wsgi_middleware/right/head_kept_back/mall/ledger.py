"""The access ledger: one line for each request, whatever becomes of it. WSGI middleware, around the whole app."""

import time
import uuid

from mall import journal


class AccessLedger:
    """Keeps the head back until the first chunk: only then is it known that no second one follows."""

    def __init__(self, app):
        self._app = app

    def __call__(self, environ, start_response):
        return _Response(self._app, environ, start_response)


class _Response:
    """One request: the iterable that the server gets, and all that is known of it."""

    def __init__(self, app, environ, start_response):
        self._environ = environ
        self._start_response = start_response
        self._began_ns = time.monotonic_ns()
        self._id = environ["HTTP_X_REQUEST_ID"] = environ.get("HTTP_X_REQUEST_ID") or uuid.uuid4().hex
        self._head = None
        self._write = None
        self._bytes = 0
        self._open = True
        self._body = ()
        try:
            self._body = app(environ, self._started)
            self._chunks = iter(self._body)
        except BaseException:
            self.close()
            raise

    def __iter__(self):
        return self

    def __next__(self):
        try:
            chunk = next(self._chunks)
        except StopIteration:
            self._send_head()
            raise
        self._send_head()
        self._bytes += len(chunk)
        return chunk

    def close(self):
        if not self._open:
            return
        self._open = False
        try:
            getattr(self._body, "close", lambda: None)()
        finally:
            journal.write(
                request_id=self._id,
                method=self._environ["REQUEST_METHOD"],
                path=self._environ["PATH_INFO"],
                status=int(self._head[0][:3]) if self._head else 500,
                body_bytes=self._bytes,
                duration_ms=(time.monotonic_ns() - self._began_ns) / 1e6,
            )

    def _started(self, status, headers, exc_info=None):
        if self._write is not None and exc_info is not None:
            return self._start_response(status, headers, exc_info)
        self._head = status, [*headers, ("X-Request-Id", self._id)]
        return self._written

    def _written(self, data):
        self._send_head()
        self._bytes += len(data)
        self._write(data)

    def _send_head(self):
        if self._write is None and self._head is not None:
            self._write = self._start_response(*self._head)
