"""The access ledger: one line for each request, whatever becomes of it. WSGI middleware, around the whole app."""

import time
import uuid

from mall import journal


class AccessLedger:
    """Gives each request an id, and writes one line when its response is over."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        began_s = time.monotonic()
        request_id = environ.setdefault("HTTP_X_REQUEST_ID", uuid.uuid4().hex)
        captured = {}

        def capture(status, headers, exc_info=None):
            captured["status"] = status
            captured["headers"] = headers

        body = self.app(environ, capture)
        start_response(captured["status"], [*captured["headers"], ("X-Request-Id", request_id)])
        body_bytes = 0
        try:
            for chunk in body:
                body_bytes += len(chunk)
                yield chunk
        finally:
            if hasattr(body, "close"):
                body.close()
            journal.write(
                request_id=request_id,
                method=environ["REQUEST_METHOD"],
                path=environ["PATH_INFO"],
                status=int(captured["status"][:3]),
                body_bytes=body_bytes,
                duration_ms=(time.monotonic() - began_s) * 1000,
            )
