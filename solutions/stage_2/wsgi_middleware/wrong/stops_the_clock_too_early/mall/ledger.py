"""The access ledger: one line for each request, whatever becomes of it. WSGI middleware, around the whole app."""

import time
import uuid

from mall import journal


def AccessLedger(app):
    """Wrap `app`: what belongs to one request lives in the variables of one call."""

    def wrapped(environ, start_response):
        began_s = time.perf_counter()
        request_id = environ.get("HTTP_X_REQUEST_ID") or uuid.uuid4().hex
        environ["HTTP_X_REQUEST_ID"] = request_id
        status = 500
        body_bytes = 0

        def started(line, headers, exc_info=None):
            nonlocal status
            status = int(line.split(" ", 1)[0])
            headers = [*headers, ("X-Request-Id", request_id)]
            write = start_response(line, headers, exc_info) if exc_info else start_response(line, headers)

            def counted(data):
                nonlocal body_bytes
                body_bytes += len(data)
                return write(data)

            return counted

        def record():
            journal.write(
                request_id=request_id,
                method=environ["REQUEST_METHOD"],
                path=environ["PATH_INFO"],
                status=status,
                body_bytes=body_bytes,
                duration_ms=duration_ms,
            )

        def chunks():
            nonlocal body_bytes
            try:
                yield b""  # begins the generator: its finally runs for sure from here on
                for chunk in body:
                    body_bytes += len(chunk)
                    yield chunk
            finally:
                try:
                    if hasattr(body, "close"):
                        body.close()
                finally:
                    record()

        duration_ms = 0.0
        try:
            body = app(environ, started)
            duration_ms = (time.perf_counter() - began_s) * 1000
        except BaseException:
            record()
            raise
        handed_on = chunks()
        next(handed_on)
        return handed_on

    return wrapped
