"""The learner's board under each server: for its checks, and for `learn run`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from checker.harness import starters
from checker.harness.server import Server
from checker.harness.stand import Stand
from checker.stage_3.asgi_callable.board import APP

GRACE_S = "30"  # hypercorn's own is 3 s, which a busy machine may need
ASGI_WORKERS = 2


@dataclass(frozen=True, slots=True)
class Starters:
    """The four servers' starters, each called with what it gives its callable of the world."""

    uvicorn: starters.Uvicorn
    hypercorn: starters.Hypercorn
    gunicorn: starters.Gunicorn
    daphne: starters.Daphne

    def start(self, server: str, environment: Mapping[str, str], *, name: str = "", lifespan: str = "auto") -> Server:
        """One of them. gunicorn loads the callable once for its two workers; `lifespan` is uvicorn's switch."""
        name = name or server
        match server:
            case "uvicorn":
                return self.uvicorn(APP, name=name, arguments=["--lifespan", lifespan], environment=environment)
            case "hypercorn":
                return self.hypercorn(
                    APP, name=name, arguments=["--graceful-timeout", GRACE_S], environment=environment
                )
            case "gunicorn":
                arguments = ["--worker-class", "asgi", "--workers", str(ASGI_WORKERS), "--preload"]
                return self.gunicorn(APP, name=name, arguments=arguments, environment=environment, asgi=True)
            case _:
                return self.daphne(APP, name=name, environment=environment)


def stand(uvicorn: starters.Uvicorn, daphne: starters.Daphne) -> Stand:
    """With a lifespan and without one. The feed is the one that feed.py invents: the Gate would hold each boot."""
    return Stand([uvicorn(APP), daphne(APP)])
