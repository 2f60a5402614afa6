"""Checks of Routing: which consumer serves a WebSocket, what it is told, and what nobody serves."""

from __future__ import annotations

from checker.harness.given import expect_given
from checker.harness.history import History
from checker.harness.picture import Picture
from checker.harness.run import Run
from checker.harness.seed import Seed
from checker.harness.starters import Ahead
from checker.harness.suite import needs
from checker.stage_4.routing.addresses import misses, ordinary, peculiar, unknown, word
from checker.stage_4.routing.drawing import draw_routes
from checker.stage_4.routing.expectations import (
    expect_missed,
    expect_quiet,
    expect_refused,
    expect_served,
    expect_talking,
    expect_told,
)
from checker.stage_4.routing.meter import MeterServer
from checker.stage_4.routing.tower import GIVEN, Tower


def test_it_is_imported_by_itself(meter_server: MeterServer, run: Run, ahead: Ahead, picture: Picture) -> None:
    """`tower.asgi` is imported by a new Python that was told of no settings."""
    ahead("tower", "test_each_address_reaches_its_consumer")
    picture.nothing()
    expect_given(run, *GIVEN)
    meter_server.expect_imported()


@needs("test_it_is_imported_by_itself")
def test_each_address_reaches_its_consumer(tower: Tower, seed: Seed, ahead: Ahead, picture: Picture) -> None:
    """Each address reaches its consumer, and each connection an instance of its own."""
    tower.server.expect_ready("/health/")
    ahead("with_lifespan", "test_a_lifespan_is_served")
    ahead("mounted", "test_all_of_it_is_so_below_a_root_path")
    random = seed.random("ordinary")
    since = History.now()
    addresses = ordinary(random)
    for meanwhile in ("others are open, of which one is at its address", "others have left its address"):
        # With a query the second time, which is none of an address's.
        knocks = [expect_served(tower, a, query) for query in ("", f"{word(random)}=1") for a in addresses]
        for _ in range(2):
            for knock in knocks:
                expect_talking(tower, knock, word(random), meanwhile, since)
        for knock in knocks:
            knock.socket.close()
    picture.nothing()


@needs("test_each_address_reaches_its_consumer")
def test_consumers_are_told_tenant_and_id(tower: Tower, seed: Seed, picture: Picture) -> None:
    """Consumers are told their tenant as text and their id as an int, whatever the tenant's name."""
    picture.nothing()
    for address in peculiar(seed.random("peculiar")):
        expect_told(tower, address)


@needs("test_each_address_reaches_its_consumer")
def test_unknown_addresses_are_refused(tower: Tower, seed: Seed, picture: Picture) -> None:
    """Unknown addresses are refused without an error, and open sockets are served on."""
    random = seed.random("unknown")
    resident = expect_served(tower, ordinary(random)[0])
    since, log_mark = History.now(), tower.server.process.log.mark
    for path in unknown(random):
        for query in ("", f"{word(random)}=1"):  # twice: what was refused once stays refused
            expect_refused(tower, path, query)
            expect_talking(tower, resident, word(random), "others are refused", since)
    expect_quiet(tower, log_mark, "refusals")
    picture.nothing()


@needs("test_unknown_addresses_are_refused")
def test_near_misses_are_refused(tower: Tower, seed: Seed, picture: Picture, history: History) -> None:
    """So is what is nearly an address."""
    picture.nothing()  # a finding tells the way of the one address that it is about
    for miss in misses(seed.random("misses")):
        expect_missed(tower, miss)
    draw_routes(history, picture)
