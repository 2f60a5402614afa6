"""The doors of gateways that stay open: for its checks, and for `learn run`. CGI, the first one, serves and ends."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.server import Server
from checker.harness.site import SelfBound
from checker.harness.stand import Stand


def stand(self_bound: starters.SelfBound, uvicorn: starters.Uvicorn, gate: Gate) -> Stand:
    """The given shop behind the learner's WSGI server, and behind the adapter, with the Gate for its supplier."""
    variables = {"UPSTREAM_URL": gate.url}
    wsgi = start_wsgi_server(self_bound, "shop.wsgi:application", variables)
    return Stand([wsgi, start_adapter(uvicorn, "gateway.asgi:application", variables)], variables)


def start_wsgi_server(start: starters.SelfBound, app: str, environment: Mapping[str, str]) -> SelfBound:
    """The learner's WSGI server on this app."""
    command = [sys.executable, "-m", "gateway.wsgi_server", app, "--port", "{port}"]
    return start("wsgi_server", command, environment=environment)


def start_adapter(start: starters.Uvicorn, app: str, environment: Mapping[str, str]) -> Server:
    """An app that the learner's adapter has made, under uvicorn."""
    return start(app, arguments=["--lifespan", "off"], environment=environment)
