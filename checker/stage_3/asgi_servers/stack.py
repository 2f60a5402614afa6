"""The learner's serve.py under one of the five servers: for its checks, and for `learn run`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.site import SelfBound
from checker.harness.stand import Stand
from checker.stage_3.asgi_servers.rows import ROWS

HERE = {"HOST": "127.0.0.1"}
EVERYWHERE = "0.0.0.0"  # noqa: S104 - asked for with a network around it that opens loopback only
CHOICES = {"profile": tuple(row.name for row in ROWS)}


def stand(self_bound: starters.SelfBound, gate: Gate, chosen: Mapping[str, str]) -> Stand:
    """The server that is chosen, with its workers; uvicorn else."""
    row = next(row for row in ROWS if row.name == chosen.get("profile", ROWS[0].name))
    world = {"UPSTREAM_URL": gate.url}
    return Stand([start(self_bound, row.name, row.arguments, gate)], world)


def start(
    self_bound: starters.SelfBound,
    name: str,
    arguments: Sequence[str],
    gate: Gate,
    *,
    environment: Mapping[str, str] = HERE,
    folder: Path | None = None,
) -> SelfBound:
    """`serve.py` with these arguments."""
    return self_bound(
        name, [sys.executable, "serve.py", *arguments], environment=variables(gate, environment), folder=folder
    )


def variables(gate: Gate, environment: Mapping[str, str] = HERE) -> dict[str, str]:
    """The environment of a serve.py."""
    return {"PORT": "{port}", "UPSTREAM_URL": gate.url, **environment}
