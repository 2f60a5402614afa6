"""The depot under uvicorn and under gunicorn: for its checks, and for `learn run`."""

from __future__ import annotations

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.server import Server
from checker.harness.stand import Stand


def start_both(uvicorn: starters.Uvicorn, gunicorn: starters.Gunicorn, gate: Gate) -> tuple[Server, Server]:
    """One process of each, the second with two threads; they boot side by side, with the Gate as world outside."""
    environment = {"UPSTREAM_URL": gate.url}
    return (
        uvicorn("depot.asgi:application", environment=environment),
        gunicorn("depot.wsgi:application", arguments=["--threads", "2"], environment=environment),
    )


def stand(uvicorn: starters.Uvicorn, gunicorn: starters.Gunicorn, gate: Gate) -> Stand:
    """Both."""
    return Stand(start_both(uvicorn, gunicorn, gate), {"UPSTREAM_URL": gate.url})
