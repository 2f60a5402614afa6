"""The learner's plant under uvicorn and under daphne: for its checks, and for `learn run`."""

from __future__ import annotations

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.server import Server
from checker.harness.stand import Stand

APP = "plant.asgi:application"
A_VALUE = "20.5"


def start_uvicorn(uvicorn: starters.Uvicorn, hub: Gate) -> Server:
    """With a lifespan, which it insists on. Its boot waits for the hub, which has to open the process's line."""
    return uvicorn(APP, arguments=["--lifespan", "on"], environment={"UPSTREAM_URL": hub.url})


def start_daphne(daphne: starters.Daphne, hub: Gate) -> Server:
    """Without a lifespan."""
    return daphne(APP, environment={"UPSTREAM_URL": hub.url})


def stand(uvicorn: starters.Uvicorn, daphne: starters.Daphne, gate: Gate) -> Stand:
    """Both, with the Gate as their hub: what it lets go of is a value, and good for any other answer, too.

    It does not hold the process's line: under uvicorn no page would be served before somebody lets that go.
    """
    servers = [start_uvicorn(uvicorn, gate), start_daphne(daphne, gate)]
    return Stand(servers, {"UPSTREAM_URL": gate.url}, lambda _tag: A_VALUE, lambda tag: tag.startswith("open-"))
