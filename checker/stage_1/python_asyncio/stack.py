"""What stands for `learn run`: the price desk serves nobody, so only the upstreams that it asks."""

from __future__ import annotations

from checker.harness.gate import Gate
from checker.harness.stand import Stand
from checker.stage_1.python_asyncio.plan import PRICES


def stand(gate: Gate) -> Stand:
    """The Gate for the desk's upstreams."""
    return Stand([], {"UPSTREAM_URL": gate.url}, _price)


def _price(tag: str) -> str:
    return PRICES.get(tag, "1.00")
