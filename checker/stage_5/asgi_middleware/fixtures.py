"""What the checks of the market share: both servers, with somebody around the market who looks on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.seed import Seed
from checker.harness.server import PROBE_FOLDER
from checker.harness.site import APP_VARIABLE
from checker.stage_5.asgi_middleware.market import Market
from checker.stage_5.asgi_middleware.stack import start_both

INSIDE = Path(__file__).with_name("inside")


@pytest.fixture(scope="session")
def whole_market(uvicorn: starters.Uvicorn, gunicorn: starters.Gunicorn, gate: Gate) -> Market:
    """Both servers."""
    around = {APP_VARIABLE: "market_lab:application", "PYTHONPATH": os.pathsep.join([str(PROBE_FOLDER), str(INSIDE)])}
    return Market(*start_both(uvicorn, gunicorn, gate, around=around), gate)


@pytest.fixture
def market(whole_market: Market, seed: Seed, request: pytest.FixtureRequest) -> Iterator[Market]:
    """The same, for one check: with data of its own, and without its sockets afterwards."""
    whole_market.begin(seed.random(request.node.name))
    yield whole_market
    whole_market.end()
