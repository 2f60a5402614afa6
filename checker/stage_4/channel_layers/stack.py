"""The station in three processes and the Valkey between them: for its checks, and for `learn run`."""

from __future__ import annotations

from collections.abc import Mapping

from checker.harness.server import Server
from checker.harness.stand import Stand
from checker.harness.starters import Gunicorn, Uvicorn, Valkey

ASGI, WSGI = "station.asgi:application", "station.wsgi:application"


def stand(uvicorn: Uvicorn, gunicorn: Gunicorn, valkey: Valkey) -> Stand:
    """All three, as one deployment."""
    variables = {**valkey().environment, "INSTANCE_PREFIX": "station"}
    return Stand([*start_both(uvicorn, variables), start_wsgi(gunicorn, variables)], variables)


def start_both(start: Uvicorn, environment: Mapping[str, str]) -> tuple[Server, Server]:
    """The two processes that hold sockets; they boot side by side."""
    return start(ASGI, name="uvicorn-one", environment=environment), start(
        ASGI, name="uvicorn-two", environment=environment
    )


def start_wsgi(start: Gunicorn, environment: Mapping[str, str]) -> Server:
    """One sync worker, which holds none."""
    return start(WSGI, environment=environment)
