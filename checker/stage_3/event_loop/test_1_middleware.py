"""Checks of The Event Loop in Django: a middleware for both interfaces, and whose visit is served where."""

from __future__ import annotations

from checker.harness.findings import fail
from checker.harness.given import expect_given
from checker.harness.http import Answer
from checker.harness.picture import Picture
from checker.harness.run import Run
from checker.harness.seed import Seed
from checker.harness.starters import Ahead
from checker.harness.suite import needs
from checker.stage_3.event_loop.clinic import (
    ASKED_S,
    GIVEN,
    MIDDLEWARE,
    VISIT,
    VISITS,
    Clinic,
    Visit,
    drawn,
    expect_number,
    header_line,
)

ADAPTED = "adapted for middleware doctor.middleware.visit_middleware"
PAGES = ("/pulse/", "/card/{}/", "/chart/{}/", "/{}/", "/broken/")
KNOWN = {"/{}/": 404, "/broken/": 500}
CARDS, CHARTS = 6, 14


def test_django_adapts_nothing(clinic: Clinic, wsgi_clinic: Clinic, run: Run, ahead: Ahead, seed: Seed) -> None:
    """Under uvicorn and under gunicorn Django adapts nothing for the middleware."""
    ahead("holds_lab", "test_a_held_loop_is_told_with_its_culprit")
    ahead("quiet_lab", "test_nothing_is_told_of_a_free_loop")
    expect_given(run, *GIVEN)
    for site, address in zip((clinic, wsgi_clinic), drawn(seed, "nowhere", 2), strict=True):
        site.server.expect_ready("/pulse/")
        log = site.server.process.log
        # Django tells what it adapts when it loads, and of this one afterwards: by then all of that is there.
        site.expect_page(site.visit(f"/{address}/", address))
        log.wait_for(f"Not Found: /{address}/", ASKED_S)
        if adapted := [line for line in log.text.splitlines() if ADAPTED in line]:
            where = site.line(
                MIDDLEWARE,
                r"@.*_only_middleware",
                r".*_capable\s*=\s*False",
                r".*_capable",
                r"(?:def|class|visit_middleware)\b",
            )
            wanted = f"under {site.name} the middleware has the form of its neighbours, and nothing is adapted for it"
            fail("middleware-adapted", wanted=wanted, saw=f"Django says: {adapted[0].strip()}", where=where)


@needs("test_django_adapts_nothing")
def test_each_answer_has_its_visits_number(clinic: Clinic, wsgi_clinic: Clinic, seed: Seed, picture: Picture) -> None:
    """Each answer has its visit's number: pages of both kinds, and errors."""
    for site in (clinic, wsgi_clinic):
        site.gate.open()
        for path, number in zip(PAGES, drawn(seed, f"numbers {site.name}", len(PAGES)), strict=True):
            visit = site.visit(path.format(number), number)
            answer = visit.exchange.wait_answer(ASKED_S)
            if answer is None or (answer.status >= 400 and answer.status != KNOWN.get(path)):
                site.fail_as_no_page(visit.exchange)
            expect_number(site, answer, visit.exchange.path, number)
        fresh = [site.server.expect_get("/pulse/").headers.get(VISIT, "") for _ in range(2)]
        if not all(fresh) or fresh[0] == fresh[1]:
            wanted = f"under {site.name} two visitors without a number get one each"
            fail("number-wrong", wanted=wanted, saw=f"{VISIT}: {fresh[0]!r} and {fresh[1]!r}", where=header_line(site))
    picture.nothing()  # all went well: the last check draws who waited for whom


@needs("test_each_answer_has_its_visits_number")
def test_code_knows_whose_visit_it_serves(clinic: Clinic, wsgi_clinic: Clinic, seed: Seed, picture: Picture) -> None:
    """Views of both kinds, and plain code that a coroutine calls, know whose visit they serve."""
    for site in (clinic, wsgi_clinic):
        site.gate.open()
        for path, number in zip(PAGES[:3], drawn(seed, f"known {site.name}", 3), strict=True):
            visit = site.visit(path.format(number), number)
            _expect_known(site, site.expect_page(visit), visit)
    picture.nothing()


@needs("test_code_knows_whose_visit_it_serves")
def test_twenty_visits_do_not_mix(clinic: Clinic, seed: Seed, picture: Picture) -> None:
    """Twenty visits under way at once do not mix."""
    numbers = drawn(seed, "twenty", CARDS + CHARTS)
    visits = [
        clinic.visit(f"/{'card' if at < CARDS else 'chart'}/{number}/", number) for at, number in enumerate(numbers)
    ]
    for at, visit in enumerate(visits):
        clinic.expect_asked(visit, f"{'card' if at < CARDS else 'chart'}-{visit.number}")
    clinic.gate.open()
    for visit in visits:
        answer = clinic.expect_page(visit)
        expect_number(clinic, answer, visit.exchange.path, visit.number)
        _expect_known(clinic, answer, visit)
    picture.nothing()


def _expect_known(site: Clinic, answer: Answer, visit: Visit) -> None:
    told = answer.json() or {}
    for key, who in (("visit", "the view"), ("signed", "what it calls through sync_to_async")):
        if key in told and told[key] != visit.number:
            wanted = f"under {site.name}, in {visit.exchange.path}, visits.current() is {visit.number!r}"
            saw = f"{who} was told {told[key]!r}"
            where = site.line(VISITS, r"\w+.*=.*(?:local|Var|\{)", r"\s*global\b", r".*return")
            fail("visit-unknown" if told[key] == "nobody" else "visits-mixed", wanted=wanted, saw=saw, where=where)
