"""Checks of Deep Dive into wsgi.py: a callable that mounts Django, and what it answers to each request.

Real gunicorn, and wsgiref's validator. What Django begins and ends is told to the Gate.
"""

from __future__ import annotations

from http.client import IncompleteRead
from pathlib import Path

import pytest

from checker.harness.difference import difference
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.learner_files import expect_bytes
from checker.harness.server import Server
from checker.harness.starters import Ahead
from checker.harness.suite import needs
from checker.stage_2.wsgi_callable.boots import BootEnding, wait_ending_of_boot
from checker.stage_2.wsgi_callable.findings import fail_as_answered, judge_closed_file, judge_missing_name
from checker.stage_2.wsgi_callable.site import GENEROUS_S, ShopSite, facts_of, links_of
from checker.stage_2.wsgi_callable.source import (
    ASKS_DATABASE,
    MATCHES_HEALTH,
    MATCHES_SHOP,
    SETS_PATH,
    SETS_SCRIPT_NAME,
    TAKES_CHUNKS,
)
from course.model import Fact

ODD_PATHS = ("/shop/echo/tea", "/shop/echo/shop/box", "/shop/echo/tea%20%26%20coffee")
# What is no page of the site, and the learner's line that is likeliest to take it for one.
STRANGERS = {
    "/shopping/": MATCHES_SHOP,
    "/healthzzz": MATCHES_HEALTH,
    "/hello/": MATCHES_SHOP,
    "/": MATCHES_SHOP,
}


@pytest.mark.usefixtures("cold")  # boots beside the site
def test_the_shop_is_mounted(site: ShopSite, server: Server, gate: Gate) -> None:
    """The shop answers below /shop, and its own links lead there."""
    gate.open()
    wanted = "/shop/hello/ is answered by the shop's page hello, with status 200"
    answer = site.expect_boot(server, "/shop/hello/")
    if answer.status >= 500:
        answer = server.expect_get("/shop/hello/")  # ends with the learner's own error
    if answer.status != 200 or answer.text != "hello\n":
        fail_as_answered("not-mounted", wanted, answer, site.callable)
    home = server.expect_get("/shop/")
    links = links_of(home)
    strays = [link for link in links if not link.startswith("/shop/")]
    where = site.source.line(*SETS_SCRIPT_NAME) or site.callable
    if strays or not links:
        wanted = "the links that Django writes begin with /shop/: reverse('hello') is /shop/hello/"
        fail("links-lose-prefix", wanted=wanted, saw=f"status {home.status}, links {links}", where=where)
    redirect = server.expect_get("/shop/hello")
    if redirect.headers["Location"] != "/shop/hello/":
        wanted = "/shop/hello is redirected to /shop/hello/, as Django does for a missing slash"
        saw = f"status {redirect.status}, Location: {redirect.headers['Location'] or 'missing'}"
        fail("links-lose-prefix", wanted=wanted, saw=saw, where=where)


@needs("test_the_shop_is_mounted")
def test_the_callable_keeps_pep_3333(site: ShopSite, strict: Server, gate: Gate, ahead: Ahead) -> None:
    """The callable keeps PEP 3333, word by word, by wsgiref's validator."""
    gate.open()
    ahead("page_inspected", "test_the_inspector_reads_the_shop")
    ahead("stream_inspected", "test_the_inspector_closes_what_it_read")
    site.expect_boot(strict, "/nowhere")
    for path in ("/healthz", "/nowhere", "/shop/hello/", "/shop/prices.csv", "/shop/labels/"):
        request = strict.send(path)
        answer = request.wait_answer(GENEROUS_S)
        if broken := site.wait_validators_word(strict, request.id):
            wanted = f"wsgiref.validate has nothing against the answer to {path}"
            saw = str(broken["message"])[:240]
            if "bytestring" in saw:
                fail("body-not-bytes", wanted=wanted, saw=saw, where=broken.where or site.callable)
            fail("pep-3333", wanted=wanted, saw=saw, where=broken.where or site.callable)
        # A body that is too short is a matter of its own.
        if (answer is None or answer.status >= 500) and not isinstance(request.error, IncompleteRead):
            judge_missing_name(strict, request.id, path)
            judge_closed_file(site, strict)
            strict.expect_answer(request)


@needs("test_the_shop_is_mounted")
def test_paths_arrive_as_they_were_sent(site: ShopSite, server: Server, gate: Gate) -> None:
    """What stands below /shop arrives as it was sent, and what does not is no page of the shop."""
    gate.open()
    for path in ODD_PATHS:
        expect_path_kept(site, server, path, path.removeprefix("/shop").replace("%20", " ").replace("%26", "&"))
    expect_path_kept(site, server, "/shop/find/caf%C3%A9/", "/find/café/")
    echo = facts_of(server.expect_post("/shop/echo/order?by=post", b"two boxes of tea"))
    for name, value in {"method": "POST", "query": "by=post", "body": "two boxes of tea"}.items():
        if (arrived := echo.get(name)) != value:
            wanted = f"a POST to /shop/echo/order?by=post reaches Django with the {name} {value!r}"
            saw = f"Django got the {name} {arrived!r}"
            fail("request-changed", wanted=wanted, saw=saw, where=site.source.line(*SETS_PATH), facts={"part": name})
    since = site.run.history.now()
    front = server.expect_get("/shop")
    if front.status != 200 or "links" not in facts_of(front):
        where = site.source.line(*MATCHES_SHOP) or site.callable
        got = site.path_told(since=since)
        facts: dict[str, Fact] = {"sent": "/shop", "right": "''", "got": "nothing" if got is None else repr(got)}
        fail_as_answered("path-mangled", "/shop, without a slash, is the shop's front page", front, where, facts)
    for path, patterns in STRANGERS.items():
        since = site.run.history.now()
        stranger = site.expect_own_answer(server, path)
        if stranger.status != 404 or site.told("started", path, since=since) or stranger.headers["X-Handler"]:
            who = " by Django" if stranger.headers["X-Handler"] else ""
            wanted = f"{path} is neither below /shop nor /healthz: status 404, without Django"
            where = site.source.line(*patterns) or site.callable
            saw = f"status {stranger.status}{who}"
            fail("stranger-answered", wanted=wanted, saw=saw, where=where, facts={"path": path})


def expect_path_kept(site: ShopSite, server: Server, sent: str, right: str) -> None:
    """Django must get this PATH_INFO for the path that was sent."""
    since = site.run.history.now()
    answer = server.expect_get(f"{sent}?word=/shop/tea")
    got = facts_of(answer).get("path_info") or site.path_told(since=since)
    if got == right:
        return
    wanted = f"{sent}: Django gets the PATH_INFO {right!r}"
    where = site.source.line(*SETS_PATH) or site.callable
    if got is None:
        fail_as_answered("not-mounted", f"{sent} is answered by the shop", answer, where)
    saw = f"Django got {got!r}, and answered with status {answer.status}\n{difference(right, str(got))}"
    fail(
        "path-mangled",
        wanted=wanted,
        saw=saw,
        where=where,
        facts={"sent": sent, "right": repr(right), "got": repr(got)},
    )


@needs("test_the_shop_is_mounted")
def test_an_outer_prefix_is_kept(site: ShopSite, server: Server, gate: Gate) -> None:
    """A prefix that the server already knows stays in front of /shop."""
    gate.open()
    # gunicorn takes this header from a proxy it trusts, and makes it the environ's SCRIPT_NAME.
    home = server.expect_get("/eu/shop/", headers={"SCRIPT_NAME": "/eu"})
    links = links_of(home)
    if not links or any(not link.startswith("/eu/shop/") for link in links):
        wanted = "with SCRIPT_NAME '/eu' from the server, the shop's links begin with /eu/shop/"
        saw = f"status {home.status}, links {links}"
        fail("outer-prefix-lost", wanted=wanted, saw=saw, where=site.source.line(*SETS_SCRIPT_NAME) or site.callable)


@needs("test_the_shop_is_mounted")
def test_health_is_answered_without_django(site: ShopSite, server: Server, gate: Gate) -> None:
    """/healthz is answered without Django, to GET and to HEAD."""
    gate.open()
    since = site.run.history.now()
    where = site.source.line(*MATCHES_HEALTH) or site.callable
    host = {"Host": "10.0.0.7"}
    health = site.expect_own_answer(server, "/healthz", headers=host, label="health check")
    if site.told("started", "/healthz", since=since) or health.headers["X-Handler"]:
        wanted = "/healthz is answered before Django is called"
        saw = f"status {health.status}: Django began a request for it (its signal request_started was sent)"
        fail("health-asks-django", wanted=wanted, saw=saw, where=where)
    if health.status != 200:
        wanted = "/healthz is answered with status 200, whatever its Host header says"
        fail_as_answered("health-not-answered", wanted, health, where)
    head = site.expect_own_answer(server, "/healthz", method="HEAD", headers=host, label="health check by HEAD")
    if head.status != 200:
        wanted = "/healthz is answered with status 200 to HEAD, as to GET: many a load balancer asks so"
        fail("health-by-get-only", wanted=wanted, saw=f"status {head.status} to HEAD, 200 to GET", where=where)


@needs("test_the_shop_is_mounted")
def test_a_missing_database_stops_only_its_own_pages(site: ShopSite, server: Server, fair: Server, gate: Gate) -> None:
    """Without its database the site boots all the same, and answers what needs none."""
    gate.open()
    wanted = "with a database that cannot be opened, the site boots and answers /healthz and /shop/hello/ with 200"
    if wait_ending_of_boot(fair) is not BootEnding.SERVES:
        failed = fair.seen(EventKind.APP_IMPORT_FAILED)
        if failed and failed[-1]["type"] == "OperationalError":
            saw = f"the boot failed: {failed[-1]['type']}: {failed[-1]['message']}"
            fail("boot-needs-database", wanted=wanted, saw=saw, where=failed[-1].where)
        site.expect_boot(fair, "/healthz")
    for path in ("/healthz", "/shop/hello/"):
        usual = server.send(path).wait_answer(GENEROUS_S)
        if usual is None or usual.status != 200:
            continue  # with a database it is no better: that is a matter of its own
        answer = fair.send(path).wait_answer(GENEROUS_S)
        if answer is None or answer.status != 200:
            saw = f"{path} got {'no answer' if answer is None else f'status {answer.status}'}"
            where = site.source.line(*ASKS_DATABASE) or site.callable
            fail("page-needs-database", wanted=wanted, saw=saw, where=where, facts={"path": path})


@needs("test_the_shop_is_mounted")
def test_a_file_arrives_as_it_is(site: ShopSite, server: Server, gate: Gate, project: Path) -> None:
    """A file arrives byte by byte as it lies on the disk."""
    gate.open()
    right = expect_bytes(project, "shop/prices.csv")
    request = server.send("/shop/prices.csv")
    answer = request.wait_answer(GENEROUS_S)
    if answer is None or answer.status != 200:
        judge_closed_file(site, server)
    # Fewer bytes than Content-Length said: the answer broke, and what came of it is in the error.
    body = request.error.partial if isinstance(request.error, IncompleteRead) else server.expect_answer(request).body
    if body != right:
        saw = f"{len(body):,} bytes arrived\n{difference(right, body)}"
        wanted = f"/shop/prices.csv arrives as it lies on the disk, {len(right):,} bytes"
        where = site.source.line(*TAKES_CHUNKS) or site.callable
        fail("body-changed", wanted=wanted, saw=saw, where=where, facts={"missing": len(right) - len(body)})
