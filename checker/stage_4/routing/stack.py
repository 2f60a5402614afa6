"""The learner's tower under each server: for its checks, and for `learn run`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from checker.harness import starters
from checker.harness.server import PROBE_FOLDER, Server
from checker.harness.site import APP_VARIABLE
from checker.harness.stand import Stand

APP = "tower.asgi:application"
INSIDE = Path(__file__).with_name("inside")


@dataclass(frozen=True, slots=True)
class Starters:
    """The four servers' starters."""

    uvicorn: starters.Uvicorn
    hypercorn: starters.Hypercorn
    gunicorn: starters.Gunicorn
    daphne: starters.Daphne

    def start_mounted(self, server: str, root: str) -> Server:
        """One of them, told that the site is mounted below this path. uvicorn insists on a lifespan there."""
        arguments, environment = ["--root-path", root], routes_variables()
        name = f"{server}-mounted"
        match server:
            case "uvicorn":
                arguments += ["--lifespan", "on"]
                return self.uvicorn(APP, name=name, arguments=arguments, environment=environment)
            case "hypercorn":
                arguments += ["--workers", "0"]  # its first process serves: none but that one is needed here
                return self.hypercorn(APP, name=name, arguments=arguments, environment=environment)
            case "gunicorn":
                arguments += ["--worker-class", "asgi"]
                return self.gunicorn(APP, name=name, arguments=arguments, environment=environment, asgi=True)
            case _:
                return self.daphne(APP, name=name, arguments=arguments, environment=environment)


def plain(uvicorn: starters.Uvicorn) -> Server:
    """One process at the root of its address, whose routers' steps are told."""
    return uvicorn(APP, environment=routes_variables())


def routes_variables() -> Mapping[str, str]:
    """What puts learn_routes.py between the probe and the learner's callable."""
    return {
        APP_VARIABLE: "learn_routes:application",
        "LEARN_ROUTED": APP.partition(":")[0],
        "PYTHONPATH": os.pathsep.join([str(PROBE_FOLDER), str(INSIDE)]),
    }


def stand(uvicorn: starters.Uvicorn, daphne: starters.Daphne) -> Stand:
    """With a lifespan and without one."""
    return Stand([uvicorn(APP), daphne(APP)])
