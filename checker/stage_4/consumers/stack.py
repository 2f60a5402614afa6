"""The order desk under uvicorn and under daphne: for its checks, and for `learn run`."""

from __future__ import annotations

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.server import Server
from checker.harness.stand import Stand


def start_both(uvicorn: starters.Uvicorn, daphne: starters.Daphne, gate: Gate) -> tuple[Server, Server]:
    """One process of each, which boot side by side, with the Gate as their exchange."""
    environment = {"UPSTREAM_URL": gate.url}
    app = "desk.asgi:application"
    return uvicorn(app, environment=environment), daphne(app, environment=environment)


def stand(uvicorn: starters.Uvicorn, daphne: starters.Daphne, gate: Gate) -> Stand:
    """Both."""
    return Stand(start_both(uvicorn, daphne, gate), {"UPSTREAM_URL": gate.url})
