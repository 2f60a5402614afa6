"""Checks of Context Managers: what fails, is late, or has lost its visitor gives back all the same.

Each needs the one above: a place that a server has lost is lost for the next check, too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from checker.harness.calibration import slowness
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.history import History
from checker.harness.picture import Picture
from checker.harness.seed import Seed
from checker.harness.suite import needs
from checker.stage_5.async_context_managers import places
from checker.stage_5.async_context_managers.drawing import draw_pages
from checker.stage_5.async_context_managers.judging import (
    FAILED,
    LATE,
    LEAKED_CANCELLED,
    LEAKED_HALF,
    PLACES,
    expect_five_at_most,
    expect_given_back,
    expect_readings,
    expect_room,
    expect_status,
)
from checker.stage_5.async_context_managers.page import Page, wait_done
from checker.stage_5.async_context_managers.plant import Plant

CLOCKS_S = 0.01  # a loop's clock goes in milliseconds, and may be behind by one
MOST_DEADLINE_S = 10.0
AFTER_IT_S = 0.2  # so long after a deadline its page has been told, nearly always


@needs("test_five_at_a_time")
def test_a_reading_that_fails_leaves_none(plants: tuple[Plant, Plant], picture: Picture) -> None:
    """When a reading fails, a page answers 502, and leaves none; by another error of its own it leaves none either."""
    for plant in plants:
        for after, is_reset in (("a reading is refused", False), ("a reading is cut off", True)):
            page = Page(plant, 3)
            page.let_lease(3)
            page.fail_one("read", is_reset=is_reset)
            expect_given_back(page, f"when {after}")
            expect_status(plant, page.answer, 502, after, code=FAILED)
        page = Page(plant, 3)
        plant.values |= dict.fromkeys(page.names, "n/a")
        page.let_read()
        _expect_error(page)
        expect_room(plant, "when readings have failed")
    picture.nothing()


@needs("test_a_reading_that_fails_leaves_none")
def test_a_lease_that_fails_leaves_none(plants: tuple[Plant, Plant], picture: Picture) -> None:
    """So it is when one of its leases fails, the first or a later one."""
    for plant in plants:
        for failing, is_reset in ((3, False), (1, True)):
            page = Page(plant, PLACES)
            after = f"lease number {failing} of {PLACES} {'is cut off' if is_reset else 'is refused'}"
            page.let_lease(failing - 1)
            page.fail_one("lease", is_reset=is_reset)
            plant.settle()
            page.let_go(("lease", "release"))
            expect_given_back(page, f"when {after}", leak=LEAKED_HALF, blame=places.leases)
            expect_status(plant, page.answer, 502, after, code=FAILED)
            expect_room(plant, f"when {after}")
    picture.nothing()


@needs("test_a_lease_that_fails_leaves_none")
def test_a_release_that_fails_keeps_none_back(plants: tuple[Plant, Plant], picture: Picture) -> None:
    """When one release fails, the others are released, and all their places are free."""
    for plant in plants:
        for is_reset in (False, True):
            page = Page(plant, 3)
            after = f"when the hub {'cuts off' if is_reset else 'refuses'} one release of three"
            page.let_read()
            page.fail_one("release", is_reset=is_reset)
            page.let_go(("read", "release"))
            expect_given_back(page, after, blame=places.releases)
            expect_room(plant, after)
    picture.nothing()


@needs("test_a_release_that_fails_keeps_none_back")
def test_a_visitor_who_leaves_takes_all_along(plants: tuple[Plant, Plant]) -> None:
    """A visitor who leaves while a page leases or reads leaves none leased."""
    for plant in reversed(plants):  # the last one drawn is shown
        drawn = []
        for count, leased, doing in ((3, 3, "reads"), (PLACES, 2, "leases the third of five")):
            page = Page(plant, count, label=f"leaves as it {doing.split()[0]}")
            page.let_lease(leased)
            page.leave()
            expect_given_back(page, f"when a visitor leaves while the page {doing}", leak=LEAKED_CANCELLED)
            drawn.append(page)
        expect_room(plant, "when visitors have left")
        draw_pages(drawn)


@needs("test_who_came_first_is_served_first", "test_a_visitor_who_leaves_takes_all_along")
def test_who_leaves_the_line_holds_up_nobody(plants: tuple[Plant, Plant], picture: Picture) -> None:
    """A visitor who leaves while waiting in line takes nobody's place, and holds up nobody."""
    for plant in plants:
        has, first, second, last = (_join(plant, count, leased) for count, leased in ((3, 3), (4, 0), (3, 0), (2, 0)))
        for leaver in (second, first):
            leaver.leave()
            plant.settle()
        last.let_go(("lease", "read", "release"))
        if not last.is_done:
            draw_pages([has, first, second, last])
            wanted = f"under {plant.name} a page that wants 2 is served beside one that has 3, once all before it left"
            saw = "those before it in line have left, and it still waits"
            fail("left-in-line", wanted=wanted, saw=saw, where=places.takes_room(plant.server.run))
        expect_readings(last)
        for leaver in (first, second):
            expect_given_back(leaver, "when its visitor leaves the line", leak=LEAKED_CANCELLED)
        wait_done(plant, has)
        expect_readings(has)
        expect_room(plant, "when visitors have left the line")
    picture.nothing()


@needs("test_a_visitor_who_leaves_takes_all_along")
def test_a_page_that_is_late_leaves_none(plants: tuple[Plant, Plant], seed: Seed, picture: Picture) -> None:
    """A page whose deadline is over answers 504 and leaves none: in line, while it leases, while it reads."""
    blocking, late = [], []
    for plant in plants:
        random = seed.random(f"deadlines {plant.name}")
        blocking.append(Page(plant, 2, label="without a deadline"))
        blocking[-1].let_lease(2)
        for count, situation in ((2, "it reads"), (1, "it leases"), (1, "it waits in line")):
            leased = 2 if situation == "it reads" else 0
            deadline_s = round(random.uniform(0.3, 0.4), 3)
            label = f"late as {situation}"
            page, deadline_s = _begin_in_time(plant, count, deadline_s, label, partial(Page.let_lease, count=leased))
            late.append((page, deadline_s, situation))
    for page, deadline_s, situation in late:
        _expect_late(page, deadline_s, situation)
    for page in blocking:
        wait_done(page.plant, page)
        expect_readings(page)
        expect_room(page.plant, "when deadlines were over")
    picture.nothing()


@needs("test_a_page_that_is_late_leaves_none")
def test_a_release_is_finished(plants: tuple[Plant, Plant], seed: Seed, picture: Picture) -> None:
    """A release under way is finished, though the visitor leaves, or the deadline passes."""
    begun = [(*_begin_releases(plant, seed), plant) for plant in plants]
    for leaver, late, deadline_s, plant in begun:
        _wait_past(late, deadline_s)
        # What is being released counts until that is done, whoever still waits for it.
        other = Page(plant, 1, label="another page")
        plant.settle(other.visitor)
        expect_five_at_most([late, leaver, other])
        for page in (leaver, late):
            page.let_go(("read", "release"))
            after = f"when {page.label} while a sensor is being released"
            expect_given_back(page, after, leak=LEAKED_CANCELLED)
        wait_done(plant, other)
        expect_room(plant, "when releases were under way")
    picture.nothing()


def _begin_releases(plant: Plant, seed: Seed) -> tuple[Page, Page, float]:
    """One whose visitor has left while it released its only sensor, and one whose deadline passes meanwhile."""
    deadline_s = round(seed.random(f"deadline {plant.name}").uniform(0.3, 0.4), 3)
    late, deadline_s = _begin_in_time(plant, PLACES - 1, deadline_s, "its deadline passes", Page.let_read)
    leaver = Page(plant, 1, label="its visitor leaves")
    leaver.let_read()
    leaver.leave()
    return leaver, late, deadline_s


def _begin_in_time(
    plant: Plant, count: int, deadline_s: float, label: str, begin: Callable[[Page], None]
) -> tuple[Page, float]:
    """A page that has come so far before half of its time was over, and its deadline.

    Where the machine is busy, that is longer: else it might pass while the hub's answer to a lease is on its way, and
    nobody would know of that lease.
    """
    page = Page(plant, count, deadline_s=deadline_s, label=label)
    begin(page)
    if History.now() - page.moment(EventKind.REQUEST_SENT) < deadline_s / 2 or deadline_s > MOST_DEADLINE_S:
        return page, deadline_s
    page.let_go(("lease", "read", "release"), lambda: page.is_over)  # or the next one would wait in line
    return _begin_in_time(plant, count, 2 * deadline_s, label, begin)


def _join(plant: Plant, count: int, leased: int) -> Page:
    """One more page, which has so many of its sensors, and waits."""
    page = Page(plant, count)
    page.let_lease(leased)
    return page


def _expect_error(page: Page) -> None:
    """Its own error ends it, and nothing is left."""
    after = "when a value is no number"
    expect_given_back(page, after)
    if (answer := page.answer) is None or answer.status < 500:
        wanted = f"under {page.plant.name} a page whose sensor tells 'n/a' ends by an error, of status 500 or above"
        saw = page.ending + (f": {answer.text[:120]!r}" if answer else "")
        where = places.line(page.plant.server.run, r"\bfloat\(", r"readings")
        fail("page-differs", wanted=wanted, saw=saw, where=where)


def _expect_late(page: Page, deadline_s: float, situation: str) -> None:
    """It answers 504 once its deadline is over, and not before; what it waits for never comes."""
    plant, where = page.plant, places.deadline(page.plant.server.run)
    after = f"its deadline of {deadline_s:g} s is over while {situation}"
    if not page.let_go(("release",)):
        draw_pages([page])
        wanted = f"under {plant.name} the page answers 504 when {after}"
        saw = f"it still waits, for {' and '.join(page.held('lease', 'read')) or 'room'}"
        page.leave()
        fail(LATE, wanted=wanted, saw=saw, where=where)
    expect_status(plant, page.answer, 504, after, code=LATE)
    expect_given_back(page, f"when {after}", leak=LEAKED_CANCELLED)
    lasted_s = page.moment(EventKind.REQUEST_ANSWERED) - page.moment(EventKind.REQUEST_SENT)
    if lasted_s < deadline_s - CLOCKS_S:
        wanted = f"under {plant.name} a page with ?deadline={deadline_s:g} has {deadline_s:g} s"
        fail(LATE, wanted=wanted, saw=f"it was answered after {lasted_s:.3f} s", where=where)


def _wait_past(page: Page, deadline_s: float) -> None:
    """Until the deadline is over, and whoever breaks off at it has done so."""
    over_s = page.moment(EventKind.REQUEST_SENT) + deadline_s + AFTER_IT_S * slowness()
    page.plant.hub.wait_until(lambda: False, max(over_s - History.now(), 0))
    page.plant.settle()
