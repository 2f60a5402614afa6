"""Checks of Routing: connections of other kinds, and the tower mounted below a path."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from random import Random
from typing import NoReturn

from checker.harness import diagnosis
from checker.harness.findings import NotYet, fail
from checker.harness.http import Answer, Exchange
from checker.harness.picture import Picture
from checker.harness.seed import Seed
from checker.harness.stack import Stack
from checker.harness.suite import needs
from checker.harness.tracebacks import first
from checker.stage_4.routing import places
from checker.stage_4.routing.addresses import feed, misses, ordinary, pages, room, twice, unknown, word
from checker.stage_4.routing.expectations import expect_missed, expect_quiet, expect_refused, expect_told
from checker.stage_4.routing.meter import ELSEWHERE, Meter, MeterServer
from checker.stage_4.routing.tower import SOON_S, Tower, queried
from course.model import SourceLine

READINGS = 3
MOUNTED_MISSES = 6  # drawn for each server
REFUSALS = {"unknown-raises", "unknown-not-refused"}


@needs("test_each_address_reaches_its_consumer")
def test_other_pages_are_djangos(tower: Tower, seed: Seed, picture: Picture) -> None:
    """All other HTTP is Django's: its pages, and its page for what it does not know."""
    picture.nothing()
    _expect_djangos(tower, pages(seed.random("pages")))


@needs("test_other_pages_are_djangos")
def test_a_long_poll_is_answered_by_its_consumer(tower: Tower, seed: Seed, picture: Picture) -> None:
    """Long polls wait at their consumer, each for its own bell, which Django rings."""
    picture.nothing()
    _expect_polls(tower, seed.random("polls"))


@needs("test_other_pages_are_djangos")
def test_meters_reach_their_consumer(meter_server: MeterServer, seed: Seed, picture: Picture) -> None:
    """A scope of the type `mqtt` reaches the meters' consumer, one instance for each connection."""
    picture.nothing()
    random = seed.random("meters")
    for _ in range(2):  # the second time the first meters have left
        with ExitStack() as stack:
            meters: list[Meter] = []
            for _ in range(2):
                meter = stack.enter_context(meter_server.meter(word(random)))
                meters.append(meter)
                _expect_line(meter_server, meter, f"CONNACK {meter.client}", meters)
            for count in range(1, READINGS):
                for meter in meters:
                    topic = f"{word(random)}/{word(random)}"
                    meter.say(f"PUBLISH {topic} {random.randrange(100)}")
                    _expect_line(meter_server, meter, f"PUBACK {topic} {count}", meters)
            for meter in meters:
                if (end := meter.hang_up()) != "RETURNED":
                    meter_server.fail_as_unserved(
                        "a meter that hangs up ends its call of the application", meter.said, end
                    )


@needs("test_other_pages_are_djangos")
def test_a_lifespan_is_served(with_lifespan: list[Tower], picture: Picture) -> None:
    """Servers with a lifespan open the tower before its first visitor: uvicorn, hypercorn, gunicorn."""
    picture.nothing()
    for tower in with_lifespan:
        _expect_opened(tower)


@needs(
    "test_a_lifespan_is_served",
    "test_a_long_poll_is_answered_by_its_consumer",
    "test_consumers_are_told_tenant_and_id",
    "test_near_misses_are_refused",
)
def test_all_of_it_is_so_below_a_root_path(mounted: list[Tower], stack: Stack, seed: Seed, picture: Picture) -> None:
    """All of this is so below a root path: uvicorn, hypercorn, gunicorn, daphne."""
    picture.nothing()

    def visit(tower: Tower) -> None:
        _expect_all_below(tower, seed.random(tower.server.name))
        stack.retire(tower.server)  # the last check: gunicorn takes up to a second to stop, so it begins now

    with ThreadPoolExecutor(len(mounted)) as side_by_side:
        list(side_by_side.map(visit, mounted))  # of those that fail, the first is told of


def _expect_all_below(tower: Tower, random: Random) -> None:
    _expect_opened(tower)
    tenant = tower.root.rpartition("/")[2]  # called like the place where the tower is mounted
    try:
        for address in [*ordinary(random), feed(tenant), room(tenant, 0)]:
            expect_told(tower, address)
        log_mark = tower.server.process.log.mark
        for path in [*unknown(random), *twice(tower.root, random)]:
            expect_refused(tower, path)
        for miss in random.sample(list(misses(random)), MOUNTED_MISSES):
            expect_missed(tower, miss)
        expect_quiet(tower, log_mark, "refusals")
        _expect_djangos(tower, pages(random, tower.root))
        _expect_polls(tower, random)
    except NotYet as told:
        _fail_as_lost(tower, told)


def _expect_started(tower: Tower) -> Answer:
    """The server's first answer; one that insists on a lifespan, and got an error for it, has ended instead."""
    try:
        return tower.server.expect_ready(tower.asked("/health/"))
    except NotYet as told:
        if told.finding.code != "server-exited":
            raise
        error = first(tower.server.process.log.text, tower.run.project, tower.run.given)
        saw = f"{tower.server.name} ended" + (f": {error.error}" if error else "")
        where = (error.where if error else None) or places.router(tower.run, "lifespan")
        insisting = " --lifespan on" if tower.name.startswith("uvicorn") else ""
        wanted = f"{tower.name}{insisting} starts"
        fail("lifespan-refused", wanted=wanted, saw=saw, where=where)


def _expect_opened(tower: Tower) -> None:
    """Whoever comes first finds it open, by the given lifespan: nobody has opened it where none comes."""
    page = _expect_started(tower).json()
    is_open = page.get("open") if isinstance(page, dict) else None
    if is_open is not tower.has_lifespan:
        wanted = f"under {tower.name} the startup of tower/opening.py has run before the first visitor comes"
        if not tower.has_lifespan:
            wanted = f"under {tower.name}, which has no lifespan, nobody opens the tower"
        saw = f"/health/ answers {json.dumps({'open': is_open})}"
        where = places.line(tower.run, r"\bis_open\b") or places.router(tower.run, "lifespan")
        fail("startup-not-run", wanted=wanted, saw=saw, where=where)


def _expect_djangos(tower: Tower, pages: list[tuple[str, str, str]]) -> None:
    page = tower.send("/health/")
    answer = _answer(tower, page)
    told = answer.json() if answer else None
    if not isinstance(told, dict) or "open" not in told:
        wanted = f"under {tower.name} /health/ is answered by Django"
        saw, where = _got(tower, page, answer)
        fail("not-djangos", wanted=wanted, saw=saw, where=where or places.router(tower.run, "http"))
    for method, path, query in pages:
        page = tower.send(path, method=method, query=query)
        answer = _answer(tower, page)
        told = {"not_found": tower.root + path, "query": query, "root": tower.root}
        if answer is None or answer.status != 404 or answer.json() != told:
            at = f"under {tower.name} {method} {queried(path, query)!r}"
            wanted = f"{at} gets Django's page for what it does not know: status 404, {json.dumps(told)}"
            saw, where = _got(tower, page, answer)
            fail("not-djangos", wanted=wanted, saw=saw, where=where or places.router(tower.run, "http"))


def _expect_polls(tower: Tower, random: Random) -> None:
    """Two for one bell and one for another, whatever their methods."""
    first, second = random.sample(range(100), 2)
    polls = {
        number: [(method, tower.send(f"/longpoll/{number}/", method=method, query=query)) for method in methods]
        for number, methods, query in [(first, ("GET", "POST"), ""), (second, ("PUT",), f"{word(random)}=1")]
    }
    for number in (second, first):
        _expect_rung(tower, number, polls[number])


def _expect_rung(tower: Tower, number: int, polls: Sequence[tuple[str, Exchange]]) -> None:
    for _, poll in polls:
        tower.wait_entered(poll)
    rung = 0

    def have_heard() -> bool:
        nonlocal rung
        if not all(poll.is_done for _, poll in polls):
            rung += _ring(tower, number)
        return rung >= len(polls) or all(poll.is_done for _, poll in polls)

    tower.wait(have_heard)
    for method, poll in polls:
        wanted = f"under {tower.name} {method} /longpoll/{number}/ waits at LongPoll until POST /ring/{number}/"
        answer = _answer(tower, poll)
        if answer is None:
            waited = f"{rung} of {len(polls)} polls for {number} waited for this bell"
            saw = f"{waited}, and {method} was not answered when it rang"
            fail("poll-not-served", wanted=wanted, saw=saw, where=places.poll(tower.run))
        if answer.json() != {"consumer": "LongPoll", "kwargs": {"id": number}}:
            saw, line = _got(tower, poll, answer)
            fail("poll-not-served", wanted=wanted, saw=saw, where=line or places.poll(tower.run))


def _answer(tower: Tower, page: Exchange) -> Answer | None:
    """The answer; None when the server rests, and has given none."""
    page.wait_answer(SOON_S)
    if not page.is_done:
        tower.wait_entered(page)
        tower.wait(lambda: page.is_done)
    if page.is_broken:
        raise diagnosis.no_answer(tower.server, page, 0)
    return page.wait_answer(0)


def _got(tower: Tower, page: Exchange, answer: Answer | None) -> tuple[str, SourceLine | None]:
    """What came, with the error behind it, and the learner's line of that error."""
    if answer is None:
        return "no answer came: who has this request waits for something", places.poll(tower.run)
    error = diagnosis.wait_error(tower.server, page.id) if answer.status >= 500 else None
    if error is not None:
        return f"status {answer.status}: {error['type']}: {error['message']}", error.where
    return f"status {answer.status}: {answer.text[:120]}", None


def _ring(tower: Tower, number: int) -> int:
    """How many polls this woke."""
    answer = tower.server.expect_answer(tower.send(f"/ring/{number}/", method="POST"))
    page = answer.json()
    rung = page.get("rung") if isinstance(page, dict) else None
    return rung if isinstance(rung, int) else 0


def _expect_line(server: MeterServer, meter: Meter, line: str, meters: Sequence[Meter]) -> None:
    heard = meter.hear()
    if heard != line:
        if heard is None and any(other.has_heard(line) for other in meters if other is not meter):
            heard = ELSEWHERE
        server.fail_as_unserved(f"a connection whose scope has the type 'mqtt' hears {line!r}", meter.said, heard)


def _fail_as_lost(tower: Tower, told: NotYet) -> NoReturn:
    """What is served at the root of an address, and not below a root path. A refusal is another matter."""
    finding = told.finding
    if finding.code in REFUSALS:
        raise told
    where = places.line(tower.run, r"""\bpath["']\]""", r"\broot_path\b", r"\bpath_info\b") or finding.where
    raise NotYet(replace(finding, code="lost-below-root", where=where, facts={"root": tower.root}))
