"""Move to Uvicorn: who waits for whom. When the upstreams answer is decided at the Gate."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psutil

from checker.harness.calibration import slowness
from checker.harness.events import EventKind
from checker.harness.findings import Inconclusive, fail
from checker.harness.history import History
from checker.harness.http import Exchange
from checker.harness.picture import Picture
from checker.harness.seed import Seed
from checker.harness.suite import needs
from checker.harness.waiting import wait_until
from checker.milestones.convert_to_async import places
from checker.milestones.convert_to_async.depot import PATIENCE_S, Depot, calls_for, words
from checker.milestones.convert_to_async.drawing import draw_pages
from checker.milestones.convert_to_async.stack import Booting

VISITORS = 12
EVENTS = 3
SHOWN_HOLD_S = 0.03
MOMENT_S = 2.0
ROUNDS = 2_500_000
WELL_AFTER_S = 0.2
TRIES = 3


@needs("test_each_request_is_answered_as_before")
def test_five_suppliers_are_asked_at_once(before: Depot, depot: Depot, seed: Seed, picture: Picture) -> None:
    """A page of rates asks its five suppliers at once, on the event loop."""
    since = History.now()
    old, new = words(seed, "rates", 2)
    page = depot.send(f"/rates/{new}/", label="uvicorn /rates/")
    are_held = depot.wait_held(calls_for(new))
    held = depot.gate.held
    if not are_held:
        depot.expect_free_loop(since, f"/rates/{new}/ asks all five suppliers, and the loop is free meanwhile")
    shown_from = History.now()  # until now the first calls were held, to see whether the others come
    was = before.send(f"/rates/{old}/", label="gunicorn /rates/")
    with ThreadPoolExecutor(2) as side_by_side:
        list(side_by_side.map(_let_be_seen, (before, depot), (was, page)))
    shown = {"before": old, "now": new} if are_held else {"now": new}
    draw_pages(picture, depot.server.run.history, shown, since, shown_from)
    wanted = f"/rates/{new}/ asks all five suppliers before the first has answered"
    if not are_held:
        saw = f"{', '.join(held) or 'nobody'} was asked, and the others only once that was answered"
        fail("one-after-another", wanted=wanted, saw=saw, where=places.asks(depot.server.run, "rates"))
    viewed = depot.viewed(page)
    if viewed is None or not viewed["on_loop"]:
        saw = "the view runs in a thread of its own, which waits as long as the suppliers do"
        wanted = "/rates/ waits on the event loop"
        fail("waits-in-a-thread", wanted=wanted, saw=saw, where=places.view(depot.server.run, "rates"))


def _let_be_seen(depot: Depot, page: Exchange) -> None:
    """Answer what this page asks, after a moment that can be seen in the picture; again until it asks no more."""
    end_s = History.now() + PATIENCE_S
    while not page.is_done and History.now() < end_s:
        page.wait_answer(SHOWN_HOLD_S)
        depot.gate.release()


@needs("test_five_suppliers_are_asked_at_once")
def test_twelve_visitors_wait_at_once(depot: Depot, seed: Seed, picture: Picture) -> None:
    """Twelve visitors wait at once in one process, and each is answered for their own tenant."""
    since = History.now()
    tenants, parts = words(seed, "tenants", VISITORS + 1), words(seed, "their parts", VISITORS)
    pages = [
        depot.send(f"/rates/{part}/", headers={"X-Tenant": tenant}, label=f"visitor for {tenant}")
        for part, tenant in zip(parts, tenants, strict=False)
    ]
    wanted = f"{VISITORS} visitors of /rates/ have {5 * VISITORS} calls under way at once"
    if not depot.wait_held([tag for part in parts for tag in calls_for(part)]):
        depot.expect_free_loop(since, wanted)
        saw = f"{len(depot.gate.held)} calls were under way, and no further one came until one of them was answered"
        fail("waits-in-turn", wanted=wanted, saw=saw, where=places.asks(depot.server.run, "rates"))
    passer_by = depot.send("/whoami/", headers={"X-Tenant": tenants[-1]}, label="passer-by")
    depot.server.expect_answer(passer_by)
    for part in reversed(parts):
        for tag in calls_for(part):
            depot.gate.release(tag)
    for page, tenant in zip(pages, tenants, strict=False):
        answer = depot.server.expect_answer(page)
        body = answer.json()
        told = {str(body.get("tenant") if isinstance(body, dict) else None), str(answer.headers.get("X-Tenant"))}
        if told != {tenant}:
            wanted = f"who asks for {tenant} is answered for {tenant}, whoever is served meanwhile"
            saw = f"the page said {' and '.join(sorted(told - {tenant}))}"
            fail("tenant-mixed", wanted=wanted, saw=saw, where=places.remembers(depot.server.run))
    picture.nothing()  # all went well: sixty calls are too many to be looked at


@needs("test_each_request_is_answered_as_before")
def test_each_event_leaves_at_once(depot: Depot, seed: Seed) -> None:
    """Each event leaves before the next is asked for."""
    since = History.now()
    part = words(seed, "events", 1)[0]
    wanted = f"each event of /events/{part}/ arrives before the next one is there"
    with depot.server.stream(f"/events/{part}/", label="events") as stream:
        for number in range(1, EVENTS + 1):
            tag = f"{part}-{number}"
            if not depot.wait_held([tag]):
                depot.expect_free_loop(0.0, wanted)  # whoever holds it since an earlier check
                fail("stream-held-back", wanted=wanted, saw=f"event {number} was never asked for")
            if number > 1 and not stream.read_until(f"{part}-{number - 1}\n\n".encode(), MOMENT_S):
                saw = f"event {number} was being asked for; of event {number - 1} nothing had arrived"
                depot.expect_free_loop(since, wanted)
                fail("stream-held-back", wanted=wanted, saw=saw, where=places.asks(depot.server.run, "events"))
            depot.gate.release(tag)
        if not stream.read_to_end(PATIENCE_S):
            saw = "all events were there, and no end of the answer"
            fail("stream-held-back", wanted=wanted, saw=saw, where=places.asks(depot.server.run, "events"))


@needs("test_five_suppliers_are_asked_at_once", "test_each_event_leaves_at_once")
def test_who_leaves_takes_the_calls_along(depot: Depot, seed: Seed) -> None:
    """A visitor who leaves, a page or its events, takes the open calls along."""
    part, other = words(seed, "leaving", 2)
    page = depot.send(f"/rates/{part}/", label="leaver")
    depot.wait_held(calls_for(part))
    page.hang_up()
    _expect_left(depot, 5, "rates")
    with depot.server.stream(f"/events/{other}/", label="leaver of the events") as stream:
        depot.wait_held([f"{other}-1"])
        depot.gate.release(f"{other}-1")
        stream.read_until(b"\n\n", PATIENCE_S)
        depot.wait_held([f"{other}-2"])
    _expect_left(depot, 6, "events")


def _expect_left(depot: Depot, count: int, view: str) -> None:
    if not depot.gate.wait_left(count, MOMENT_S) and not depot.gate.wait_left(count, MOMENT_S):
        wanted = f"when the visitor of /{view}/ has left, so have the calls made for them"
        saw = f"still under way: {', '.join(depot.gate.held)}"
        fail("outlives-visitor", wanted=wanted, saw=saw, where=places.keeps_going(depot.server.run, view))


@needs("test_each_request_is_answered_as_before")
def test_nobody_holds_the_loop(depot: Depot, seed: Seed, picture: Picture) -> None:
    """Whatever a view waits for, or computes, /ping/ is answered meanwhile."""
    picture.nothing()
    part, name = words(seed, "held", 2)
    number = seed.random("label").randrange(100, 1000)
    for path, tag in (
        (f"/rates/{part}/", f"{part}-acme"),
        (f"/events/{part}/", f"{part}-1"),
        (f"/label/{number}/", f"label-{number}"),
        (f"/export/{name}/", f"export-{name}"),
    ):
        since = History.now()
        asked = depot.send(path, method="POST" if tag.startswith("export") else "GET")
        depot.wait_held([tag])
        _expect_ping(depot, since, f"while {path} waits")
        depot.gate.release()
        depot.server.expect_answer(asked) if path.startswith("/label/") else depot.gate.open()
        depot.gate.hold()
    _expect_ping_beside_digest(depot)


def _expect_ping(depot: Depot, since: float, meanwhile: str) -> None:
    ping = depot.server.send("/ping/", label="ping")
    if ping.wait_answer(MOMENT_S) is None:
        depot.expect_free_loop(since, f"/ping/ is answered {meanwhile}")
    depot.server.expect_answer(ping)


def _expect_ping_beside_digest(depot: Depot) -> None:
    """A ping sent while a digest computes is answered, and the digest goes on computing well after that.

    On a blocked loop both are answered at the end, the one or the other first. A digest that was done too soon to tell
    is asked for again, with more to do.
    """
    rounds = ROUNDS
    for _ in range(TRIES):
        since = History.now()
        digest = depot.send(f"/digest/loop/?rounds={rounds}", label="digest")
        depot.viewed(digest)
        depot.server.expect_answer(depot.server.send("/ping/", label="ping beside digest"))
        is_late = digest.wait_answer(WELL_AFTER_S * slowness()) is not None
        if not is_late and not depot.server.seen(EventKind.LOOP_STALLED, since=since):
            digest.hang_up()
            return
        depot.expect_free_loop(since, f"/ping/ is answered while /digest/ computes {rounds:,} rounds")
        rounds *= 4
    raise Inconclusive("the digest was always there as soon as a ping")


@needs("test_twelve_visitors_wait_at_once")
def test_no_database_connection_is_left_open(depot: Depot, booting: Booting, picture: Picture) -> None:
    """No connection to the database is open once its request is answered."""
    picture.nothing()
    for page in [depot.send("/parts/", label="parts") for _ in range(VISITORS)]:
        depot.server.expect_answer(page)
    open_ones = 0

    def are_closed() -> bool:
        nonlocal open_ones
        files = psutil.Process(depot.server.pid).open_files()
        open_ones = sum(file.path == str(booting.database) for file in files)
        return open_ones == 0

    if not wait_until(are_closed, MOMENT_S):
        wanted = "once the visitors of /parts/ are answered, no connection to the database is open"
        saw = f"after {VISITORS} visits {open_ones} were open, each of a thread that has nothing left to do"
        where = places.matching(depot.server.run, places.SETTINGS, "CONN_MAX_AGE.*(?:[1-9]|None)")
        fail("connection-left-open", wanted=wanted, saw=saw, where=where)
