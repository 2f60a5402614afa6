"""What the checks of this exercise share: the client's conversations, and one application on three servers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from checker.harness import starters
from checker.harness.history import History
from checker.stage_1.http_vs_websocket.frame_server import FrameServer
from checker.stage_1.http_vs_websocket.stack import stand
from checker.stage_1.http_vs_websocket.station import Station, each
from checker.stage_1.http_vs_websocket.talk import Begin, Talk


@pytest.fixture(scope="session")
def recorder(history: History) -> Iterator[FrameServer]:
    """The server that records every byte."""
    with FrameServer(history) as server:
        yield server


@pytest.fixture
def begin(program: starters.Program, project: Path, recorder: FrameServer, ahead: starters.Ahead) -> Begin:
    """Starts the client on these messages, and waits for its request. Meanwhile the servers of later checks boot."""
    ahead("booting", "test_three_servers_serve_the_site")
    return partial(Talk, program, project, recorder)


@pytest.fixture(scope="session")
def booting(uvicorn: starters.Uvicorn, daphne: starters.Daphne, hypercorn: starters.Hypercorn) -> list[Station]:
    """The same application on three servers, which boot side by side."""
    return [Station(site) for site in stand(uvicorn, daphne, hypercorn).sites]


@pytest.fixture
def stations(booting: list[Station]) -> Iterator[Station]:
    """The three servers, one after the other."""
    return each(booting)
