"""The access ledger: one line for each request, whatever becomes of it. WSGI middleware, around the whole app."""

import time
import uuid

from mall import journal


class AccessLedger:
    """Counts in a dictionary that one call makes, and that three small functions share."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        began_s = time.time()
        request_id = environ.setdefault("HTTP_X_REQUEST_ID", str(uuid.uuid1()))
        line = {"request_id": request_id, "method": environ["REQUEST_METHOD"], "path": environ["PATH_INFO"]}
        line.update(status=500, body_bytes=0)

        def started(status, headers, exc_info=None):
            line["status"] = int(status.split()[0])
            headers.append(("X-Request-Id", request_id))
            write = start_response(status, headers, exc_info)

            def counted(data):
                line["body_bytes"] += len(data)
                return write(data)

            return counted

        def finish():
            if line:
                journal.write(duration_ms=(time.time() - began_s) * 1000, **line)
            line.clear()  # whoever closes a second time adds no second line

        try:
            return Watched(self.app(environ, started), line, finish)
        except BaseException:
            finish()
            raise


class Watched:
    """An iterable whose iterator is a generator, and whose close() does not depend on it."""

    def __init__(self, body, line, finish):
        self.body = body
        self.line = line
        self.finish = finish

    def __iter__(self):
        for chunk in self.body:
            self.line["body_bytes"] += len(chunk)
            yield chunk

    def close(self):
        try:
            if hasattr(self.body, "close"):
                self.body.close()
        finally:
            self.finish()
