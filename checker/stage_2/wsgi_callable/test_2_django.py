"""Checks of Deep Dive into wsgi.py: Django behind the callable, from its boot to the end of each request.

It is built once, boots whole or not at all, and hears when each body is over.
"""

from __future__ import annotations

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.lines import line_matching
from checker.harness.picture import Picture
from checker.harness.server import Server
from checker.harness.suite import needs
from checker.stage_2.wsgi_callable.boots import (
    BootEnding,
    broken,
    draw_first_visits,
    expect_no_boot,
    wait_ending_of_boot,
)
from checker.stage_2.wsgi_callable.findings import expect_finished, judge_missing_label
from checker.stage_2.wsgi_callable.site import (
    FAIR,
    GENEROUS_S,
    LABELS,
    LEAVES,
    STREAM_FINISHED,
    ShopSite,
    facts_of,
)
from checker.stage_2.wsgi_callable.source import (
    COLLECTS,
    HANDS_OVER,
    MAKES_A_HANDLER,
    NAMES_A_URLCONF,
    SHARES,
    WSGI_FILE,
)
from course.model import Fact

SENT_S = 5.0
SETTINGS_LINE = r'(?!\s*[#"]).*DJANGO_SETTINGS_MODULE'


@needs("test_a_missing_database_stops_only_its_own_pages")
def test_django_is_built_once(site: ShopSite, fair: Server, gate: Gate) -> None:
    """Django is built once in a process, not once for each request or thread, and mixes no two requests."""
    queries = ["visitor=1", "visitor=2"]
    visits = [fair.send(f"/shop/echo/both?{query}", label=query) for query in queries]
    # Both are inside Django now, so two threads are.
    together = site.hold("started /shop/echo/both", len(visits))
    gate.open()
    answers = [fair.expect_answer(visit) for visit in visits]
    for query, answer in zip(queries, answers, strict=True):
        arrived = facts_of(answer).get("query")
        if arrived != query and arrived in queries:
            wanted = "two requests at the same time, in two threads: each is answered for itself"
            saw = f"the one with the query {query} was answered for {arrived}"
            where = site.source.line(*SHARES) or site.callable
            fail("requests-mixed", wanted=wanted, saw=saw, where=where)
    numbers = [answer.headers["X-Handler"] for answer in answers]
    numbers.append(fair.expect_get("/shop/hello/").headers["X-Handler"])
    if len(set(numbers)) > 1:
        how = ", two of them at the same time," if together else ""
        saw = f"three requests{how} were served by the handlers {', '.join(map(str, numbers))} of one process"
        where = site.source.line(*MAKES_A_HANDLER) or site.callable
        facts: dict[str, Fact] = {"handlers": len(set(numbers))}
        fail("handler-per-request", wanted="one handler serves them all", saw=saw, where=where, facts=facts)


@needs("test_a_missing_database_stops_only_its_own_pages")
def test_the_deployments_settings_win(site: ShopSite, fair: Server, gate: Gate) -> None:
    """A deployment's own DJANGO_SETTINGS_MODULE wins."""
    gate.open()
    in_force = facts_of(fair.expect_get("/shop/about/")).get("settings")
    if in_force != FAIR:
        place = line_matching(site.run.project, WSGI_FILE, [SETTINGS_LINE]) or site.callable
        wanted = f"started with DJANGO_SETTINGS_MODULE={FAIR}, the site uses it"
        fail("settings-overridden", wanted=wanted, saw=f"{in_force} is in force", where=place)


@needs("test_the_deployments_settings_win")
def test_a_broken_urlconf_fails_the_boot(
    site: ShopSite, server: Server, cold: Server, broken_fair: Server, picture: Picture
) -> None:
    """A URLconf that cannot be imported fails the boot, not the first visitor."""
    site.gate.open()
    draw_first_visits(site, picture, server, cold)
    if wait_ending_of_boot(broken_fair) is not BootEnding.EXITED:
        # Does it import no URLconf at all, or another one than these settings name?
        folder = site.copy("broken", {"shop/urls.py": broken})
        where = site.source.line(*NAMES_A_URLCONF, *MAKES_A_HANDLER)
        edit = "an import error in shop/urls.py"
        expect_no_boot(site.start("broken", folder=folder), "broken-urlconf-boots", edit, where)
    edit = f"{FAIR}, and an import error in its URLconf, shop/urls_fair.py"
    expect_no_boot(broken_fair, "warms-another-urlconf", edit, site.source.line(*NAMES_A_URLCONF))


@needs("test_the_shop_is_mounted")
def test_a_stream_passes_chunk_by_chunk(site: ShopSite, server: Server, gate: Gate) -> None:
    """A stream's chunks leave one by one, each while the next is still being made."""
    with server.stream("/shop/labels/", label="labels") as labels:
        for number in (1, 2):
            # Whoever makes the next label was asked for it, so by PEP 3333 this one has been sent.
            if not site.hold(f"label {number + 1}", unless=STREAM_FINISHED):
                judge_missing_label(site, number + 1)
            if not labels.read_until(b"label %d\n" % number, SENT_S):
                wanted = f"label {number} arrives while label {number + 1} is still being made"
                saw = f"label {number + 1} was asked for, and label {number} had not been sent"
                fail(
                    "stream-held-back",
                    wanted=wanted,
                    saw=saw,
                    where=site.handed_over("/shop/labels/", *COLLECTS, *HANDS_OVER),
                )
        gate.open()
        if not labels.read_until(b"label %d\n" % LABELS, GENEROUS_S):
            saw = f"{labels.body.count(b'label ')} did"
            where = site.handed_over("/shop/labels/", *COLLECTS, *HANDS_OVER)
            fail("stream-held-back", wanted=f"all {LABELS} labels arrive", saw=saw, where=where)


@needs("test_a_stream_passes_chunk_by_chunk", "test_a_file_arrives_as_it_is")
def test_each_request_is_finished_once(
    site: ShopSite, server: Server, strict: Server, gate: Gate, history: History
) -> None:
    """Django finishes each request exactly once: a page, a file, a stream, and one whose visitor leaves."""
    gate.open()
    for path in ("/shop/hello/", "/shop/prices.csv", "/shop/labels/"):
        since = history.now()
        server.expect_get(path, deadline_s=GENEROUS_S)
        site.wait_all_told(server)
        expect_finished(site, path, since, "which was answered")
    since = history.now()
    if not site.wait_idle(server):
        expect_finished(site, "/shop/about/", since, "which was answered")
    gate.reset()
    since = history.now()
    with server.stream("/shop/labels/", label="a visitor who leaves") as labels:
        if not site.hold("label 2") or not labels.read_until(b"label 1\n", GENEROUS_S):
            judge_missing_label(site, 2)
    gate.open()
    site.wait_all_told(server)
    expect_finished(site, "/shop/labels/", since, "whose visitor left after the first chunk")
    usual = strict.send("/shop/labels/").wait_answer(GENEROUS_S)
    if usual is None or usual.status >= 500:
        return  # no page there at all: that is a matter of PEP 3333
    since = history.now()
    strict.expect_get("/shop/labels/", deadline_s=GENEROUS_S, headers={LEAVES: "before the first chunk"})
    begun = site.told("started", "/shop/labels/", since=since)  # never, by a body that calls Django when it is read
    expect_finished(site, "/shop/labels/", since, "whose visitor left before the first chunk", begun)
