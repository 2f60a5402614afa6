"""Checks of WSGI Middleware: the tenants' layer among Django's own, under gunicorn with threads."""

from __future__ import annotations

import os

import pytest

from checker.harness import starters
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.http import Answer
from checker.harness.picture import Picture
from checker.harness.run import Run
from checker.harness.server import PROBE_FOLDER
from checker.harness.suite import needs
from checker.stage_2.wsgi_middleware.inside.rooms import ROOMS
from checker.stage_2.wsgi_middleware.lab import Lab
from checker.stage_2.wsgi_middleware.mall import (
    ADDED_PAGE,
    ASKS_VIEW,
    KEEPS_ON_SELF,
    KNOWS_QUOTA,
    NAMES_TENANT,
    REFUSES,
    SETS_TENANT,
    SETTINGS,
    SUSPENDS,
    TENANT,
    Mall,
    start_mall,
)
from checker.stage_2.wsgi_middleware.onion import onion

ROWS_SHOWN = 8
QUOTA_EXCEEDED = {"error": "quota exceeded", "tenant": "sud"}
FOUND = "test_a_tenant_is_found"


@pytest.fixture(scope="session")
def traced_mall(gunicorn: starters.Gunicorn, gate: Gate, run: Run) -> Mall:
    """The mall once more, with a tracer between every two layers."""
    paths = {"PYTHONPATH": f"{PROBE_FOLDER}{os.pathsep}{ROOMS}"}
    app = "checker.stage_2.wsgi_middleware.inside.onion:application"
    return start_mall(gunicorn, gate, run, app=app, name="onion", environment=paths)


@needs("test_the_mall_answers")
def test_a_tenant_is_found(mall: Mall, lab: Lab) -> None:
    """A view knows its tenant, and each answer names it: a stream and an error page, too."""
    wanted = "X-Tenant: north makes request.tenant the tenant `north`, and the answer says X-Tenant: north"
    answer = mall.expect_page("/shelf/", tenant="north", wanted=wanted)
    if answer.status != 200 or answer.json() != {"tenant": "north"}:
        is_listed = _position(lab, TENANT) is not None
        where = mall.tenant_line(SETS_TENANT) if is_listed else mall.place(SETTINGS, "MIDDLEWARE =")
        absent = "" if is_listed else f"settings.MIDDLEWARE has no {TENANT}; "
        saw = f"{absent}status {answer.status}: {answer.text[:100]}"
        fail("no-tenant", wanted=wanted, saw=saw, where=where)
    _expect_named(mall, answer, wanted)
    for kind, path in (("a streamed answer", "/export/named/1/"), ("a fault page from further inside", "/price/")):
        wanted = f"{kind} says X-Tenant: north too"
        _expect_named(mall, mall.expect_page(path, tenant="north", wanted=wanted), wanted)


@needs(FOUND)
def test_two_tenants_do_not_mix(mall: Mall, gate: Gate) -> None:
    """Under gunicorn's threads two tenants at the same time do not mix."""
    north = mall.expect_stock_asked("north")
    meanwhile = mall.expect_page("/shelf/", tenant="sud", wanted="`sud` is served while `north` waits for its stock")
    gate.open()
    first = mall.expect_whole(north, wanted="`north` is served when its stock has come")
    for tenant, path, answer in (("north", "/stock/", first), ("sud", "/shelf/", meanwhile)):
        if answer.json() != {"tenant": tenant} or answer.headers["X-Tenant"] != tenant:
            wanted = f"{path} for `{tenant}`, while the other one is on its way too, says X-Tenant: {tenant}"
            saw = f"X-Tenant: {answer.headers['X-Tenant'] or 'missing'}, status {answer.status}: {answer.text[:100]}"
            fail("state-shared", wanted=wanted, saw=saw, where=mall.tenant_line(KEEPS_ON_SELF, SETS_TENANT))


@needs(FOUND)
def test_only_public_pages_need_no_tenant(mall: Mall, traced_mall: Mall) -> None:
    """Without a known tenant a public page is served, and any other answers 404."""
    for tenant in ("", "nobody"):
        who = f"with the unknown tenant {tenant!r}" if tenant else "without a tenant"
        for path in ("/hello/", "/hours/"):
            wanted = f"{path} {who} is served: its view is public"
            answer = mall.expect_page(path, tenant=tenant, wanted=wanted)
            if answer.status != 200:
                saw = f"status {answer.status}: {answer.text[:100]}"
                fail("public-page-refused", wanted=wanted, saw=saw, where=mall.tenant_line(REFUSES))
        for path in ("/shelf/", "/export/unknown/1/"):
            wanted = f"{path} {who} answers 404, and its view is not called"
            answer = mall.expect_page(path, tenant=tenant, wanted=wanted)
            _judge_status(mall, answer, 404, wanted, ASKS_VIEW)
            if answer.status != 404:
                saw = f"status {answer.status}: {answer.text[:100]}"
                fail("unknown-tenant-let-in", wanted=wanted, saw=saw, where=mall.tenant_line(REFUSES))
    traced_mall.server.expect_ready("/hello/")
    wanted = "a page added later, its view marked with @public, is served without a tenant"
    answer = traced_mall.expect_page(ADDED_PAGE, wanted=wanted)
    if answer.status in (403, 404):
        saw = f"status {answer.status}: {answer.text[:100]}"
        fail("public-page-refused", wanted=wanted, saw=saw, where=mall.tenant_line(REFUSES))
    if answer.json() != {"tenant": None}:
        wanted = "a view that is public finds request.tenant, which is None without a tenant"
        fail(
            "no-tenant",
            wanted=wanted,
            saw=f"status {answer.status}: {answer.text[:100]}",
            where=mall.tenant_line(SETS_TENANT),
        )


@needs(FOUND)
def test_the_layers_stand_in_order(mall: Mall, traced_mall: Mall, lab: Lab, picture: Picture, history: History) -> None:
    """Django's layers stand in the order that each of them needs."""
    traced_mall.server.expect_ready("/hello/")  # what the first request alone has to import is not in the picture
    request = traced_mall.read_export("onion", ROWS_SHOWN)
    title = "One streamed answer: Django's layers are done before its first row"
    picture.nothing()  # until they stand in order: a layer in the wrong place shows in the answers below
    where = mall.place(SETTINGS, TENANT)
    wanted = "/shelf/ for the tenant `sud` says Content-Language: fr, which TenantLanguage takes from request.tenant"
    answer = mall.expect_page("/shelf/", tenant="sud", wanted=wanted)
    if answer.headers["Content-Language"] != "fr":
        saw = f"TenantLanguage was entered without a tenant: Content-Language: {answer.headers['Content-Language']}"
        fail("wrong-order", wanted=wanted, saw=saw, where=where)
    wanted = "QuotaExceeded, raised by a view, reaches TenantMiddleware before FaultPages answers for it"
    answer = mall.expect_page("/order/", tenant="sud", wanted=wanted)
    tenants, faults = _position(lab, TENANT), _position(lab, "FaultPages")
    if mall.fault_of(answer) and tenants is not None and faults is not None and tenants < faults:
        saw = f"FaultPages, which stands further inside, answered first: status {answer.status}"
        fail("wrong-order", wanted=wanted, saw=saw, where=where)
    picture.lanes(title, onion(history, request))


@needs("test_the_layers_stand_in_order")
def test_a_suspended_tenant_gets_no_further(mall: Mall) -> None:
    """A suspended tenant is answered 403, and no layer further inside is entered."""
    where = mall.tenant_line(SUSPENDS)
    for path in ("/hello/", "/shelf/"):
        wanted = f"{path} for the suspended tenant `closed` answers 403 by TenantMiddleware itself"
        answer = mall.expect_page(path, tenant="closed", wanted=wanted)
        if not answer.headers["Content-Language"]:
            _judge_status(mall, answer, 403, wanted, SUSPENDS)
        if answer.status != 403:
            fail("not-short-circuited", wanted=wanted, saw=f"status {answer.status}", where=where)
        if language := answer.headers["Content-Language"]:
            saw = f"a 403 with Content-Language: {language}: TenantLanguage, further inside, had been entered"
            fail("not-short-circuited", wanted=wanted, saw=saw, where=where)


@needs("test_the_layers_stand_in_order")
def test_a_quota_is_answered_and_a_fault_is_not(mall: Mall) -> None:
    """QuotaExceeded is answered 429; any other exception of a view is left to FaultPages."""
    wanted = (
        '/order/ for `sud`, whose view raises QuotaExceeded, answers 429 {"error": "quota exceeded", "tenant": "sud"}'
    )
    answer = mall.expect_page("/order/", tenant="sud", wanted=wanted)
    if answer.json() == QUOTA_EXCEEDED and answer.status != 429:
        fail("wrong-status", wanted=wanted, saw=f"status {answer.status}", where=mall.tenant_line(KNOWS_QUOTA))
    if answer.status != 429 or answer.json() != QUOTA_EXCEEDED:
        saw, where = f"status {answer.status}: {answer.text[:100]}", mall.catching_line
        if mall.fault_of(answer):
            saw = f"no process_exception answered before FaultPages: {saw}"
            if where:
                saw = f"an except around get_response never sees a view's exception: {saw}"
        fail("quota-not-answered", wanted=wanted, saw=saw, where=where or mall.tenant_line(KNOWS_QUOTA))
    wanted = "/price/, whose view raises KeyError, answers 500 by FaultPages, which logs it"
    answer = mall.expect_page("/price/", tenant="sud", wanted=wanted)
    if mall.fault_of(answer) != "KeyError":
        saw, where = f"status {answer.status}: {answer.text[:100]}", mall.tenant_line(rf".*\bstatus={answer.status}\b")
        fail("fault-swallowed", wanted=wanted, saw=saw, where=where)


def _judge_status(mall: Mall, answer: Answer, status: int, wanted: str, pattern: str) -> None:
    """Whether it was refused, as it should be, with a status that says something else."""
    if 400 <= answer.status < 500 and answer.status != status:
        saw = f"status {answer.status}: {answer.text[:100]}"
        fail("wrong-status", wanted=wanted, saw=saw, where=mall.tenant_line(pattern))


def _expect_named(mall: Mall, answer: Answer, wanted: str) -> None:
    if (named := answer.headers["X-Tenant"]) != "north":
        saw, where = f"X-Tenant: {named or 'missing'}", mall.tenant_line(NAMES_TENANT)
        fail("tenant-not-named", wanted=wanted, saw=saw, where=where)


def _position(lab: Lab, name: str) -> int | None:
    return next((n for n, path in enumerate(lab.middleware) if path.rpartition(".")[2] == name), None)
