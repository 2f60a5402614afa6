"""The learner's site on three servers: for its checks, and for `learn run`."""

from __future__ import annotations

from checker.harness import starters
from checker.harness.stand import Stand


def stand(uvicorn: starters.Uvicorn, daphne: starters.Daphne, hypercorn: starters.Hypercorn) -> Stand:
    """The same application on all three, which boot side by side."""
    return Stand([start("wire.asgi:application") for start in (uvicorn, daphne, hypercorn)])
