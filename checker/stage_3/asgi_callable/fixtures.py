"""What several check files share: the learner's board under four servers, which boot side by side."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.seed import Seed
from checker.stage_3.asgi_callable.board import Board, ladder_variables
from checker.stage_3.asgi_callable.dead_feed import MissingFeed, RefusingFeed
from checker.stage_3.asgi_callable.ending import Ending
from checker.stage_3.asgi_callable.opening import watch_opening
from checker.stage_3.asgi_callable.refusals import Refusal
from checker.stage_3.asgi_callable.stack import ASGI_WORKERS, Starters

NAMES = ("uvicorn", "hypercorn", "gunicorn", "daphne")
REASONS = ["signals", "fog", "leaves", "strike", "snow", "points", "wires", "cows"]


@pytest.fixture(scope="session")
def servers(
    uvicorn: starters.Uvicorn, hypercorn: starters.Hypercorn, gunicorn: starters.Gunicorn, daphne: starters.Daphne
) -> Starters:
    """The four servers' starters."""
    return Starters(uvicorn, hypercorn, gunicorn, daphne)


@pytest.fixture(scope="session")
def feeds(history: History) -> Iterator[dict[str, Gate]]:
    """A Gate for each server: one's opening may be held while another's visitors are served."""
    with ExitStack() as open_ones:
        yield {name: open_ones.enter_context(Gate(history)) for name in NAMES}


@pytest.fixture(scope="session")
def watchers(feeds: dict[str, Gate]) -> Iterator[ThreadPoolExecutor]:
    """Who looks at each opening, side by side."""
    with ThreadPoolExecutor(len(feeds)) as pool:
        yield pool


@pytest.fixture(scope="session")
def with_lifespan(servers: Starters, feeds: dict[str, Gate], watchers: ThreadPoolExecutor) -> list[Board]:
    """Those that tell their callable of a lifespan; uvicorn insists on it. Their feeds are held until asked for."""
    boards = [_board(servers, feeds, name) for name in NAMES if name != "daphne"]
    for board in boards:
        board.opening = watchers.submit(watch_opening, board)
    return boards


@pytest.fixture(scope="session")
def uvicorn_board(with_lifespan: list[Board]) -> Board:
    """The first of them."""
    return with_lifespan[0]


@pytest.fixture(scope="session")
def daphne_board(servers: Starters, feeds: dict[str, Gate]) -> Board:
    """The one that knows of no lifespan."""
    return _board(servers, feeds, "daphne")


@pytest.fixture(scope="session")
def boards(with_lifespan: list[Board], daphne_board: Board) -> list[Board]:
    """The board under each server."""
    return [*with_lifespan, daphne_board]


@pytest.fixture(scope="session")
def refusals(servers: Starters, seed: Seed) -> Iterator[list[Refusal]]:
    """Two more, each with a feed that cannot be opened. uvicorn is not told to insist: so errors would do no harm."""
    reason = " ".join(seed.random("reason").sample(REASONS, 3))
    missing = MissingFeed()
    with RefusingFeed(reason) as refusing, closing(missing):
        feeds: dict[str, RefusingFeed | MissingFeed] = {"uvicorn": refusing, "gunicorn": missing}
        yield [
            Refusal(
                servers.start(name, {"UPSTREAM_URL": feed.url, **ladder_variables()}, name=f"{name}-refused"),
                "nobody listens at the feed's address" if feed is missing else "the feed refuses",
                feed.reason,
            )
            for name, feed in feeds.items()
        ]


@pytest.fixture(scope="session")
def endings() -> list[Ending]:
    """How each of them ended, once a check has ended it."""
    return []


def _board(servers: Starters, feeds: dict[str, Gate], name: str) -> Board:
    server = servers.start(name, {"UPSTREAM_URL": feeds[name].url, **ladder_variables()}, lifespan="on")
    return Board(server, feeds[name], ASGI_WORKERS if name == "gunicorn" else 1)
