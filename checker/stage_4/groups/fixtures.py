"""What the chat checks share: both processes with their Valkey, and the sockets of one check."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_uppercase

import pytest

from checker.harness.history import History
from checker.harness.seed import Seed
from checker.harness.starters import Uvicorn, Valkey
from checker.stage_4.groups.chat import Chat, Store
from checker.stage_4.groups.crowd import Crowd
from checker.stage_4.groups.leases import Residents
from checker.stage_4.groups.stack import start_both

# With a fraction, so that nobody is right with whole seconds alone. No shorter, since the living must renew in time on
# a busy machine; no longer, since two checks wait for more than one of them.
PRESENCE_SECONDS = (0.7, 0.72, 0.74)
TAGS = [f"{letter}{number}" for letter in ascii_uppercase for number in range(10, 100)]


@pytest.fixture(scope="session")
def chat(uvicorn: Uvicorn, valkey: Valkey, history: History, seed: Seed) -> Chat:
    """Both processes and the Valkey between them."""
    store = valkey()
    presence_s = seed.random("PRESENCE_SECONDS").choice(PRESENCE_SECONDS)
    one, two = start_both(uvicorn, {**store.environment, "PRESENCE_SECONDS": str(presence_s)})
    for server in (one, two):
        server.expect_ready("/")
    tags = iter(seed.random("tags").sample(TAGS, len(TAGS)))
    return Chat(one, two, Store(store), history, seed, presence_s, tags)


@pytest.fixture
def crowd(chat: Chat, request: pytest.FixtureRequest) -> Iterator[Crowd]:
    """The sockets of one check."""
    crowd = Crowd(chat, chat.seed.random(request.node.name))
    yield crowd
    crowd.close()


@pytest.fixture(scope="session")
def residents(chat: Chat) -> Iterator[Residents]:
    """Some who joined early and stay: a later check need not wait until their first lease is over."""
    crowd = Crowd(chat, chat.seed.random("residents"))
    try:
        yield Residents(crowd)
    finally:
        crowd.close()
