"""The access ledger: one line for each request, whatever becomes of it. WSGI middleware, around the whole app."""

import time
import uuid

from mall import journal


class AccessLedger:
    """Nearly all of it is one generator, which is begun at once: only then does its `finally` run for sure."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        body = self.pass_on(environ, start_response)
        next(body)
        return body

    def pass_on(self, environ, start_response):
        began_s = time.monotonic()
        request_id = environ.setdefault("HTTP_X_REQUEST_ID", str(uuid.uuid4()))
        line = {"status": 500, "body_bytes": 0}

        def started(status, headers, exc_info=None):
            line["status"] = int(status[:3])
            write = start_response(status, headers + [("X-Request-Id", request_id)], *filter(None, [exc_info]))

            def counted(data):
                line["body_bytes"] += len(data)
                write(data)

            return counted

        body = ()
        try:
            body = self.app(environ, started)
            yield b""  # for __call__, not for the server
            for chunk in body:
                line["body_bytes"] += len(chunk)
                yield chunk
        finally:
            try:
                if hasattr(body, "close"):
                    body.close()
            finally:
                journal.write(
                    request_id=request_id,
                    method=environ["REQUEST_METHOD"],
                    path=environ["PATH_INFO"],
                    duration_ms=1000 * (time.monotonic() - began_s),
                    **line,
                )
