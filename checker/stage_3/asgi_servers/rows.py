"""The rows and columns of capabilities.json, and the command line that each row is measured with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FILE = "capabilities.json"
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """A server: `package` calls the app, with a worker of `worker_module` where that has a package of its own."""

    name: str
    package: str
    worker_module: str = ""
    has_workers: bool = True

    @property
    def arguments(self) -> list[str]:
        """What serve.py is told."""
        return [self.name, "--workers", str(WORKERS)] if self.has_workers else [self.name]


ROWS = (
    Row("uvicorn", "uvicorn"),
    Row("daphne", "daphne", has_workers=False),
    Row("hypercorn", "hypercorn"),
    Row("gunicorn-uvicorn", "uvicorn", worker_module="uvicorn_worker"),
    Row("gunicorn-asgi", "gunicorn"),
)
UVICORN, DAPHNE, HYPERCORN, GUNICORN_UVICORN, GUNICORN_ASGI = ROWS

ANSWERED, BROKEN = "answered", "broken"
RELOADS, IGNORES, ENDS = "reloads", "ignores", "ends"
REPLACED, MISSED = "replaced", "missed"
Value = bool | str
COLUMNS: Mapping[str, tuple[Value, ...]] = {
    "lifespan": (True, False),
    "http2": (True, False),
    "term": (ANSWERED, BROKEN),
    "hup": (RELOADS, IGNORES, ENDS),
    "hup_open": (ANSWERED, BROKEN),
    "killed": (REPLACED, MISSED, ENDS),
}
