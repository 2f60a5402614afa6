"""The access ledger: one line for each request, whatever becomes of it. WSGI middleware, around the whole app."""

import time
import uuid

from mall import journal


class AccessLedger:
    """Gives each request an id, and writes one line when it is answered."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        began_s = time.monotonic()
        request_id = request.headers.get("X-Request-Id") or uuid.uuid4().hex
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        journal.write(
            request_id=request_id,
            method=request.method,
            path=request.path,
            status=response.status_code,
            body_bytes=len(response.content),
            duration_ms=(time.monotonic() - began_s) * 1000,
        )
        return response
