"""The learner's clinic under uvicorn and under gunicorn: for its checks, and for `learn run`."""

from __future__ import annotations

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.server import Server
from checker.harness.stand import Stand


def asgi_server(uvicorn: starters.Uvicorn, gate: Gate) -> Server:
    """One process with one loop. It must have a lifespan: the watch is started by it."""
    return uvicorn("clinic.asgi:application", arguments=["--lifespan", "on"], environment={"UPSTREAM_URL": gate.url})


def wsgi_server(gunicorn: starters.Gunicorn, gate: Gate) -> Server:
    """One sync worker."""
    return gunicorn("clinic.wsgi:application", environment={"UPSTREAM_URL": gate.url})


def stand(uvicorn: starters.Uvicorn, gunicorn: starters.Gunicorn, gate: Gate) -> Stand:
    """Both, with the Gate as their archive."""
    return Stand([asgi_server(uvicorn, gate), wsgi_server(gunicorn, gate)], {"UPSTREAM_URL": gate.url})
