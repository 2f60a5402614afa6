"""What a page must have given back when it is over, what it answers, and that there is room for others then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from checker.harness.diagnosis import no_answer
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.history import History
from checker.harness.http import Answer
from checker.harness.run import Run
from checker.stage_5.async_context_managers import places
from checker.stage_5.async_context_managers.drawing import draw_pages
from checker.stage_5.async_context_managers.leases import State, arrivals, peak, times_released
from checker.stage_5.async_context_managers.page import Page, wait_done
from checker.stage_5.async_context_managers.plant import Plant
from course.model import SourceLine

PLACES = 5
LEAKED, LEAKED_HALF, LEAKED_CANCELLED = "still-leased", "leaked-half", "leaked-when-cancelled"
FAILED, LATE = "failure-untold", "deadline-missed"


def expect_given_back(
    page: Page, after: str, *, leak: str = LEAKED, blame: Callable[[Run], SourceLine | None] = places.leaks
) -> None:
    """The page is over, and with it all that it had at the hub.

    `after` says what happened. What is left then is told by the code `leak`, and by the line that `blame` finds.
    """
    if not page.let_go(("release",), lambda: page.is_over):
        draw_pages([page])
    if page.visitor.is_broken:
        page.plant.server.expect_answer(page.visitor, 0)
    run = page.plant.server.run
    wanted = f"under {page.plant.name}, {after}, everything that the page had at the hub is given back"
    if page.is_done and (open_calls := page.held("lease", "read")):
        saw = f"{page.ending}; still under way: {', '.join(open_calls)}"
        fail("left-asking", wanted=wanted, saw=saw, where=places.goes_on(run) or places.reads(run))
    if lost := page.those(State.LOST):
        saw = f"{page.ending}; the release of {', '.join(lost)} was broken off before the hub had confirmed it"
        fail("release-broken-off", wanted=wanted, saw=saw, where=places.releases(run))
    if kept := page.those(State.LEASED, State.ASKED, State.RELEASING):
        saw = f"{page.ending}; {len(kept)} of {len(page.names)} still leased: {', '.join(kept)}"
        fail(leak, wanted=wanted, saw=saw, where=blame(run))
    if not page.is_done and not arrivals(page.plant.history, "lease", page.names):
        _fail_without_room(page, wanted)
    if not page.is_done:
        raise no_answer(page.plant.server, page.visitor, History.now() - page.moment(EventKind.REQUEST_SENT))
    history = page.plant.history
    if twice := [name for name in page.names if times_released(history, name) > 1]:
        wanted = f"under {page.plant.name}, {after}, each sensor is given back once"
        saw = f"{twice[0]} was released {times_released(history, twice[0])} times"
        fail("released-twice", wanted=wanted, saw=saw, where=places.releases(run))


def expect_five_at_most(pages: Sequence[Page]) -> None:
    """Of all that these had until now, no more than five sensors at any moment."""
    plant = pages[0].plant
    most = peak(plant.history, [name for page in pages for name in page.names])
    if len(most) > PLACES:
        draw_pages([page for page in pages if set(page.names) & set(most)][:3])
        wanted = f"under {plant.name} at most {PLACES} sensors are leased, being leased, or being released at a time"
        saw = f"there were {len(most)} of them: {', '.join(most[:8])}{'...' * (len(most) > 8)}"
        fail("over-five", wanted=wanted, saw=saw, where=places.takes_room(plant.server.run))


def expect_room(plant: Plant, after: str) -> None:
    """Five can be leased again."""
    page = Page(plant, PLACES, label="five more")
    wait_done(plant, page)
    if not page.is_done:
        _fail_without_room(page, f"under {plant.name}, {after}, there is room for five sensors again")
    expect_readings(page)


def _fail_without_room(page: Page, wanted: str) -> NoReturn:
    asked, run = len(arrivals(page.plant.history, "lease", page.names)), page.plant.server.run
    page.leave()
    saw = f"a page that wants {len(page.names)} waits for ever, though none is leased; it has asked for {asked} of them"
    fail("place-lost", wanted=wanted, saw=saw, where=places.takes_room(run))


def expect_readings(page: Page) -> None:
    """The page's answer: what the hub told of each sensor, as numbers."""
    plant = page.plant
    answer = plant.server.expect_answer(page.visitor)
    told = {name: float(plant.values[name]) for name in page.names}
    if answer.status != 200 or answer.json() != {"readings": told}:
        path = page.visitor.path
        wanted = f'under {plant.name} {path} answers {{"readings": ...}}, with each sensor\'s value as a number'
        saw = f"status {answer.status}: {answer.text[:160]!r}; the hub had told {told}"
        fail("page-differs", wanted=wanted, saw=saw, where=places.line(plant.server.run, r"readings", r"JsonResponse"))


def expect_status(plant: Plant, answer: Answer | None, status: int, after: str, *, code: str) -> None:
    """What the page says of its end."""
    if answer is not None and answer.status == status:
        return
    run = plant.server.run
    wanted = f"under {plant.name} the page answers {status} when {after}"
    where = places.late(run) if code == LATE else places.failures(run)
    saw = "no answer" if answer is None else f"status {answer.status}: {answer.text[:120]!r}"
    if answer is not None and (error := plant.error_of(answer.request)):
        saw, where = f"status {answer.status}: {error['type']}: {error['message']}", error.where or where
    fail(code, wanted=wanted, saw=saw, where=where)
