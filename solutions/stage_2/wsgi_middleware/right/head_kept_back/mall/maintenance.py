"""The maintenance gate: while its flag file exists, nobody gets in. WSGI middleware, around Django."""

import os
from http import HTTPStatus
from pathlib import Path

FLAG = Path(os.environ.get("MAINTENANCE_FLAG", "maintenance.flag"))


class Closed:
    """A WSGI app of its own."""

    def __call__(self, environ, start_response):
        status = HTTPStatus.SERVICE_UNAVAILABLE
        start_response(f"{status.value} {status.phrase}", [("Content-Type", "text/plain"), ("Retry-After", "60")])
        if environ["REQUEST_METHOD"] != "HEAD":
            yield b"closed\n"


class MaintenanceGate:
    """Chooses between two apps."""

    def __init__(self, app):
        self.app = app
        self.closed = Closed()

    def __call__(self, environ, start_response):
        return (self.closed if FLAG.is_file() else self.app)(environ, start_response)
