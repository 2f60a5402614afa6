"""What several check files share: the station with its idle sockets, and one more process to be tried in bad times."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_lowercase, digits

import pytest

from checker.harness import starters
from checker.harness.run import Run
from checker.harness.seed import Seed
from checker.harness.server import Server
from checker.harness.servers.valkey import Valkey
from checker.stage_4.channel_layers.board import Board
from checker.stage_4.channel_layers.monitor import Monitor
from checker.stage_4.channel_layers.office import Office
from checker.stage_4.channel_layers.rest import Rest
from checker.stage_4.channel_layers.stack import ASGI, WSGI, start_both, start_wsgi
from checker.stage_4.channel_layers.station import Station, Stranger
from checker.stage_4.channel_layers.ward import Ward
from course.errors import MachineLacks

# Long, since what cuts a prefix mixes deployments.
PREFIX_LETTERS = 23


@pytest.fixture(scope="session")
def station(
    uvicorn: starters.Uvicorn, valkey: starters.Valkey, program: starters.Program, run: Run, seed: Seed
) -> Iterator[Station]:
    """Both processes that hold sockets, with the Valkey between them."""
    store = _own(valkey())
    environment = {**store.environment, "INSTANCE_PREFIX": f"{_word(seed, 'prefix', PREFIX_LETTERS)}Y"}
    one, two = start_both(uvicorn, environment)
    monitor = Monitor(store)
    tags = seed.random("tags")
    drawn = iter(["".join(tags.choices(ascii_lowercase + digits, k=5)) for _ in range(500)])
    for server in (one, two):
        server.expect_ready("/")
    yield Station(one, two, store, monitor, environment, run, drawn, program)
    monitor.close()


@pytest.fixture(scope="session")
def rest(station: Station) -> Iterator[Rest]:
    """Its idle sockets."""
    rest = Rest(station)
    yield rest
    rest.close()


@pytest.fixture(scope="session")
def wsgi(station: Station, gunicorn: starters.Gunicorn) -> Server:
    """The same deployment under gunicorn."""
    return start_wsgi(gunicorn, station.environment)


@pytest.fixture(scope="session")
def stranger(station: Station) -> Stranger:
    """The command of another deployment, whose prefix is ours but for the case of its last letter."""
    ours = station.environment["INSTANCE_PREFIX"]
    room, text, prefix = station.room("Gleis 4"), station.text("not for you"), f"{ours[:-1]}{ours[-1].swapcase()}"
    boards = [Board(server, room) for server in station.servers]
    command = station.command(room, text, name="announce (another deployment)", INSTANCE_PREFIX=prefix)
    return Stranger(command, boards, prefix, text)


@pytest.fixture(scope="session")
def ward(station: Station, uvicorn: starters.Uvicorn, valkey: starters.Valkey, seed: Seed) -> Ward:
    """A process with a Valkey of its own."""
    store = valkey(name="valkey-three")
    # A letter that no other key begins with: a rule of Valkey can tell this deployment's keys from all others.
    environment = {**store.environment, "INSTANCE_PREFIX": f"Q{_word(seed, 'prefix three', 5)}"}
    server = uvicorn(ASGI, name="uvicorn-three", environment=environment)
    return Ward(server, store, valkey, station, environment)


@pytest.fixture(scope="session")
def office(station: Station, gunicorn: starters.Gunicorn, valkey: starters.Valkey, seed: Seed) -> Iterator[Office]:
    """A gunicorn, and its commands, with a Valkey of their own."""
    store = valkey(name="valkey-four")
    environment = {**store.environment, "INSTANCE_PREFIX": _word(seed, "prefix four", 5)}
    server = gunicorn(WSGI, name="gunicorn-four", environment=environment)
    office = Office(Ward(server, store, valkey, station, environment))
    yield office
    office.close()


def _own(store: Valkey) -> Valkey:
    if store.process is None:
        raise MachineLacks(
            "this exercise freezes and stops its Valkey; the one of LEARN_REDIS_URL is somebody's own",
            "unset LEARN_REDIS_URL for it",
        )
    return store


def _word(seed: Seed, purpose: str, letters: int) -> str:
    return "".join(seed.random(purpose).choices(ascii_lowercase, k=letters))
