"""The maintenance gate: while its flag file exists, nobody gets in. WSGI middleware, around Django."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

FLAG = Path(os.environ.get("MAINTENANCE_FLAG", "maintenance.flag"))
RETRY_AFTER_S = 120
PAGE = b"The mall is closed for a moment.\n"

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class MaintenanceGate:
    """Answers 503 itself while FLAG exists; else stands aside: the app gets the server's own start_response."""

    def __init__(self, app: WSGIApp) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "OPTIONS" or not FLAG.exists():
            return self.app(environ, start_response)
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(PAGE))),
            ("Retry-After", str(RETRY_AFTER_S)),
        ]
        start_response("503 Service Unavailable", headers)
        return [PAGE]
