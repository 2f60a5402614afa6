"""The maintenance gate: while its flag file exists, nobody gets in. WSGI middleware, around Django."""

import os
from email.utils import formatdate
from pathlib import Path
from time import time


def MaintenanceGate(app):
    """Wrap `app`: asked at each request, so that the file's coming and going is enough."""
    flag = Path(os.environ.get("MAINTENANCE_FLAG", "maintenance.flag"))

    def wrapped(environ, start_response):
        if flag.exists():
            start_response(
                "503 Service Unavailable",
                [("Content-Type", "text/html"), ("Retry-After", formatdate(time() + 300, usegmt=True))],
            )
            return () if environ["REQUEST_METHOD"] == "HEAD" else (b"<h1>Back soon</h1>",)
        return app(environ, start_response)

    return wrapped
