"""The market under uvicorn and under gunicorn: for its checks, and for `learn run`."""

from __future__ import annotations

from collections.abc import Mapping

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.server import Server
from checker.harness.stand import Stand


def start_both(
    uvicorn: starters.Uvicorn, gunicorn: starters.Gunicorn, gate: Gate, *, around: Mapping[str, str] | None = None
) -> tuple[Server, Server]:
    """One process of each, the second with four threads; they boot side by side, with the Gate as their warehouse.

    `around` are the variables by which something else is served in uvicorn, with the market in it.
    """
    environment = {"UPSTREAM_URL": gate.url}
    return (
        uvicorn("market.asgi:application", environment={**environment, **(around or {})}),
        gunicorn("market.wsgi:application", arguments=["--threads", "4"], environment=environment),
    )


def stand(uvicorn: starters.Uvicorn, gunicorn: starters.Gunicorn, gate: Gate) -> Stand:
    """Both."""
    return Stand(start_both(uvicorn, gunicorn, gate), {"UPSTREAM_URL": gate.url})
