"""Checks of Context Managers: what a page has at the hub, how much all of them have, and who is next."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from checker.harness.findings import fail
from checker.harness.given import expect_given
from checker.harness.picture import Picture
from checker.harness.run import Run
from checker.harness.seed import Seed
from checker.harness.suite import needs
from checker.stage_5.async_context_managers import places
from checker.stage_5.async_context_managers.drawing import draw_pages
from checker.stage_5.async_context_managers.judging import (
    PLACES,
    expect_five_at_most,
    expect_given_back,
    expect_readings,
)
from checker.stage_5.async_context_managers.leases import State, arrivals, split
from checker.stage_5.async_context_managers.page import Page, wait_done
from checker.stage_5.async_context_managers.plant import Plant

GIVEN = ("plant/sensors.py", "plant/asgi.py", "plant/urls.py", "plant/settings.py")
PAGES, PAGES_THERE = 30, 12  # under uvicorn, and under daphne
# How many sensors each page wants. The third would fit in beside the first, and two neighbours never fit in together.
SIZES = ((3, 4, 2, 5, 1), (2, 5, 3, 4, 2), (3, 5, 2, 4, 2), (2, 4, 3, 5, 1))


def test_a_page_leases_reads_and_releases(plants: tuple[Plant, Plant], run: Run, picture: Picture) -> None:
    """A page leases its sensors, reads them once it has all, and gives each back before it answers."""
    expect_given(run, *GIVEN)
    for plant in plants:
        for count in (1, 3, PLACES, PLACES):
            page = Page(plant, count)
            _expect_all_leased_before_read(page)
            page.let_read()
            _expect_unanswered(page)
            page.let_go(("read", "release"))
            expect_given_back(page, "when the page is answered")
            expect_readings(page)
    picture.nothing()  # all is well: the check of visitors who leave, and the last one, draw what happened


@needs("test_a_page_leases_reads_and_releases")
def test_five_at_a_time(plants: tuple[Plant, Plant], seed: Seed, picture: Picture) -> None:
    """At most five sensors are leased at a time, and thirty pages at once are all served."""
    for plant in plants:
        _expect_places_kept_until_confirmed(plant)
    for plant, count in zip(plants, (PAGES, PAGES_THERE), strict=True):
        # Two sensors or more: who takes them one by one meets others who do.
        sizes = seed.random(f"pages {plant.name}").choices(range(2, PLACES + 1), k=count)
        pages = [Page(plant, size) for size in sizes]
        plant.settle(*(page.visitor for page in pages))
        expect_five_at_most(pages)
        wait_done(plant, *pages)
        expect_five_at_most(pages)
        _expect_all_served(pages)
    picture.nothing()


@needs("test_five_at_a_time")
def test_who_came_first_is_served_first(plants: tuple[Plant, Plant], seed: Seed, picture: Picture) -> None:
    """Pages get their sensors in the order in which they came, also one that wants few."""
    for plant in plants:
        sizes = seed.random(f"sizes {plant.name}").choice(SIZES)
        line: list[Page] = []
        for number, size in enumerate(sizes, 1):
            line.append(Page(plant, size, label=f"page {number}, {size} sensor{'s' * (size > 1)}"))
            if number == 1:
                line[0].let_lease(size)  # and keeps them for now
            plant.settle(line[-1].visitor)
        wait_done(plant, *line)
        for one, next_one in pairwise(line):
            _expect_order(one, next_one, line)
        for page in line:
            expect_given_back(page, "when all are served")
            expect_readings(page)
    picture.nothing()


def _expect_all_leased_before_read(page: Page) -> None:
    """Let the hub agree to one lease after the other; none may be read meanwhile."""

    def is_leased_or_read() -> bool:
        return page.is_done or bool(page.held("read")) or set(page.states.values()) == {State.LEASED}

    page.let_go(("lease",), is_leased_or_read)
    run, missing = page.plant.server.run, page.those(State.FREE, State.ASKED)
    if missing and (reading := page.held("read")):
        wanted = f"under {page.plant.name} a page that wants {len(page.names)} sensors reads once it has leased all"
        saw = f"{split(reading[0])[1]} was read, and {' and '.join(missing[:2])} not leased yet"
        fail("read-early", wanted=wanted, saw=saw, where=places.reads(run))
    if missing and page.is_done:
        page.plant.server.expect_answer(page.visitor)
        wanted = f"under {page.plant.name} {page.visitor.path} leases {', '.join(page.names)} at the hub"
        saw = f"{page.ending}, and {', '.join(missing)} had not been leased"
        fail("page-differs", wanted=wanted, saw=saw, where=places.leases(run))


def _expect_unanswered(page: Page) -> None:
    """While the hub has not confirmed the releases, the page has to wait."""
    kept = {name: state for name, state in page.states.items() if state is not State.FREE}
    if page.is_done and kept:
        page.plant.server.expect_answer(page.visitor)
        wanted = f"under {page.plant.name} a page answers once the hub has confirmed that its sensors are given back"
        name, state = next(iter(kept.items()))
        saw = f"it answered, and {name} was {state.value}"
        fail("answered-early", wanted=wanted, saw=saw, where=places.releases(page.plant.server.run))


def _expect_places_kept_until_confirmed(plant: Plant) -> None:
    """While the hub has not confirmed a release, its place is not another's."""
    page = Page(plant, PLACES)
    page.let_read()
    waiting = Page(plant, 1)
    plant.settle(waiting.visitor)
    wait_done(plant, page, waiting)
    expect_five_at_most([page, waiting])
    for one in (page, waiting):
        expect_given_back(one, "when it is answered")
        expect_readings(one)


def _expect_all_served(pages: Sequence[Page]) -> None:
    plant = pages[0].plant
    if waiting := [page for page in pages if not page.is_done]:
        held = [name for page in waiting for name in page.those(State.LEASED, State.ASKED, State.RELEASING)]
        draw_pages(sorted(waiting, key=lambda page: not set(page.names) & set(held))[:3])
        for page in waiting:
            page.leave()
        wanted = f"under {plant.name} all of {len(pages)} pages that come at once are served"
        saw = f"{len(waiting)} wait for ever; they have {len(held)} sensors leased, and each waits for one more"
        if not held:
            saw = f"{len(waiting)} wait for ever, though no sensor is leased"
        fail("dead-end", wanted=wanted, saw=saw, where=places.takes_room(plant.server.run))
    for page in pages:
        expect_readings(page)


def _expect_order(one: Page, next_one: Page, line: Sequence[Page]) -> None:
    """No sensor of the next one is leased before one of the first; there is never room for both."""
    plant = one.plant
    asked, overtaking = (arrivals(plant.history, "lease", page.names) for page in (one, next_one))
    if overtaking and (not asked or overtaking[0].t < asked[0].t):
        draw_pages(line[:3])
        wanted = f"under {plant.name} {one.label}, gets them before {next_one.label}, which came later"
        saw = f"the later page had {overtaking[0]['tag']} asked for first"
        fail("overtaken", wanted=wanted, saw=saw, where=places.takes_room(plant.server.run))
