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
            duration_ms = (time.perf_counter() - began_s) * 1000
            journal.write(
                request_id=request_id,
                method=environ["REQUEST_METHOD"],
                path=environ["PATH_INFO"],
                status=status,
                body_bytes=body_bytes,
                duration_ms=duration_ms,
            )

        try:
            body = app(environ, started)
        except BaseException:
            record()
            raise
        whole = b"".join(body)
        body_bytes += len(whole)
        if hasattr(body, "close"):
            body.close()
        record()
        return [whole]

    return wrapped
