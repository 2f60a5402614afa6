"""Checks of Deep Dive into wsgi.py: a callable that mounts Django, boots whole or not at all, and is closed.

Real gunicorn, wsgiref's validator, and the learner's own inspector. What Django begins and ends is told to the Gate.
"""

from __future__ import annotations

from collections.abc import Callable
from http.client import IncompleteRead
from pathlib import Path

import pytest

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.picture import Picture
from checker.harness.program import Program
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.stack import Stack
from checker.harness.suite import needs
from checker.stage_2.wsgi_callable.boots import Ending, draw_first_visits, ending_of_boot, must_not_boot
from checker.stage_2.wsgi_callable.inspector import Inspector, header
from checker.stage_2.wsgi_callable.site import (
    GENEROUS_S,
    LEAVES,
    STREAM_FINISHED,
    WSGI_FILE,
    Site,
    answered,
    facts_of,
    line_with,
    links_of,
    times,
)

LABELS = 40
THREADS = 4
SENT_S = 5.0
ODD_PATHS = ("/shop/echo/tea", "/shop/echo/shop/box", "/shop/echo/tea%20%26%20coffee")
# The narrowest of import errors: whoever lets some pass and not others lets this one.
BROKEN = "\nimport shop.views_of_next_week  # this edit is the check's: there is no such module\n"
FAIR = "shop.settings_fair"
# The lab's applications that break PEP 3333, and how.
MISTAKES = {
    "reconsiders_late": "calls start_response with exc_info after its first chunk",
    "reconsiders_written": "calls start_response with exc_info after a write()",
    "starts_twice": "calls start_response twice without exc_info",
    "never_starts": "never calls start_response",
}


@pytest.fixture(scope="session")
def site(run: Run, stack: Stack, gate: Gate) -> Site:
    """Starts what the checks need of the learner's site."""
    return Site(run, stack, gate)


@pytest.fixture(scope="session")
def server(site: Site) -> Server:
    """The site under gunicorn, as it is deployed."""
    return site.start("gunicorn")


@pytest.fixture(scope="session")
def strict(site: Site) -> Server:
    """The site under wsgiref's server and validator."""
    return site.start_validated("wsgiref")


@pytest.fixture(scope="session")
def fair(site: Site, run: Run) -> Server:
    """The site as it is deployed at the fair: settings of its own, several threads, its disk still missing."""
    missing = run.temporary / "not_mounted_yet" / "shop.sqlite3"
    environment = {"DJANGO_SETTINGS_MODULE": FAIR, "DATABASE_PATH": str(missing)}
    return site.start("fair", environment=environment, arguments=["--threads", str(THREADS)])


@pytest.fixture(scope="session")
def inspector(run: Run, program: Callable[..., Program], gate: Gate) -> Inspector:
    """The learner's inspector."""
    return Inspector(run, program, gate)


def test_the_shop_is_mounted(site: Site, server: Server, gate: Gate) -> None:
    """The shop answers below /shop, and its own links lead there."""
    gate.open()
    wanted = "/shop/hello/ is answered by the shop's page hello, with status 200"
    answer = site.boots(server, "/shop/hello/")
    if answer.status >= 500:
        answer = server.get("/shop/hello/")  # ends with the learner's own error
    if answer.status != 200 or answer.text != "hello\n":
        answered("not-mounted", wanted, answer, site.callable)
    home = server.get("/shop/")
    links = links_of(home)
    strays = [link for link in links if not link.startswith("/shop/")]
    if strays or not links:
        wanted = "the links that Django writes begin with /shop/: reverse('hello') is /shop/hello/"
        fail("links-lose-prefix", wanted=wanted, saw=f"status {home.status}, links {links}", where=site.callable)
    redirect = server.get("/shop/hello")
    if redirect.headers["Location"] != "/shop/hello/":
        wanted = "/shop/hello is redirected to /shop/hello/, as Django does for a missing slash"
        saw = f"status {redirect.status}, Location: {redirect.headers['Location'] or 'missing'}"
        fail("links-lose-prefix", wanted=wanted, saw=saw, where=site.callable)


@needs("test_the_shop_is_mounted")
def test_the_callable_keeps_pep_3333(site: Site, strict: Server, gate: Gate) -> None:
    """The callable keeps PEP 3333, word by word, by wsgiref's validator."""
    gate.open()
    site.boots(strict, "/nowhere")
    for path in ("/healthz", "/nowhere", "/shop/hello/", "/shop/prices.csv", "/shop/labels/"):
        request = strict.send(path)
        answer = request.answer(GENEROUS_S)
        if broken := site.validators_word(strict, request.id):
            wanted = f"wsgiref.validate has nothing against the answer to {path}"
            fail("pep-3333", wanted=wanted, saw=str(broken["message"])[:240], where=broken.where or site.callable)
        # A body that is too short is a matter of its own.
        if (answer is None or answer.status >= 500) and not isinstance(request.error, IncompleteRead):
            site.judge_missing_name(strict, request.id, path)
            site.judge_closed_file(strict)
            strict.answer_of(request)


@needs("test_the_shop_is_mounted")
def test_paths_arrive_as_they_were_sent(site: Site, server: Server, gate: Gate) -> None:
    """What stands below /shop arrives as it was sent, and what does not is no page of the shop."""
    gate.open()
    for path in ODD_PATHS:
        arrived = facts_of(server.get(f"{path}?word=/shop/tea")).get("path_info")
        right = path.removeprefix("/shop").replace("%20", " ").replace("%26", "&")
        if arrived != right:
            saw = f"Django got the path {arrived!r}"
            fail("path-mangled", wanted=f"{path} is {right!r} to Django", saw=saw, where=site.callable)
    word = facts_of(server.get("/shop/find/caf%C3%A9/")).get("word")
    if word != "café":
        wanted = "/shop/find/caf%C3%A9/ looks for 'café'"
        fail("path-mangled", wanted=wanted, saw=f"it looked for {word!r}", where=site.callable)
    echo = facts_of(server.post("/shop/echo/order?by=post", b"two boxes of tea"))
    if (echo.get("method"), echo.get("query"), echo.get("body")) != ("POST", "by=post", "two boxes of tea"):
        wanted = "method, query and body of a POST to /shop/echo/order?by=post reach Django"
        fail("path-mangled", wanted=wanted, saw=str(echo), where=site.callable)
    front = server.get("/shop")
    if front.status != 200 or "links" not in facts_of(front):
        answered("path-mangled", "/shop, without a slash, is the shop's front page", front, site.callable)
    since = site.run.history.now()
    for path in ("/shopping/", "/healthzzz", "/hello/", "/"):
        stranger = site.own_answer(server, path)
        if stranger.status != 404 or site.told("started", path, since=since) or stranger.headers["X-Handler"]:
            who = " by Django" if stranger.headers["X-Handler"] else ""
            wanted = f"{path} is neither below /shop nor /healthz: status 404, without Django"
            fail("path-mangled", wanted=wanted, saw=f"status {stranger.status}{who}", where=site.callable)


@needs("test_the_shop_is_mounted")
def test_an_outer_prefix_is_kept(site: Site, server: Server, gate: Gate) -> None:
    """A prefix that the server already knows stays in front of /shop."""
    gate.open()
    # gunicorn takes this header from a proxy it trusts, and makes it the environ's SCRIPT_NAME.
    home = server.get("/eu/shop/", headers={"SCRIPT_NAME": "/eu"})
    links = links_of(home)
    if not links or any(not link.startswith("/eu/shop/") for link in links):
        wanted = "with SCRIPT_NAME '/eu' from the server, the shop's links begin with /eu/shop/"
        saw = f"status {home.status}, links {links}"
        fail("outer-prefix-lost", wanted=wanted, saw=saw, where=site.callable)


@needs("test_the_shop_is_mounted")
def test_health_is_answered_without_django(site: Site, server: Server, gate: Gate) -> None:
    """/healthz is answered without Django."""
    gate.open()
    since = site.run.history.now()
    health = site.own_answer(server, "/healthz", headers={"Host": "10.0.0.7"}, label="health check")
    wanted = "/healthz is answered with status 200, whatever its Host header says"
    if health.status != 200:
        answered("health-asks-django", wanted, health, site.callable)
    if site.told("started", "/healthz", since=since) or health.headers["X-Handler"]:
        wanted = "/healthz is answered before Django is called"
        saw = "Django began a request for it (its signal request_started was sent)"
        fail("health-asks-django", wanted=wanted, saw=saw, where=site.callable)


@needs("test_the_shop_is_mounted")
def test_a_missing_database_stops_only_its_own_pages(site: Site, server: Server, fair: Server, gate: Gate) -> None:
    """Without its database the site boots all the same, and answers what needs none."""
    gate.open()
    wanted = "with a database that cannot be opened, the site boots and answers /healthz and /shop/hello/ with 200"
    if ending_of_boot(fair) is not Ending.SERVES:
        failed = fair.seen("app.import_failed")
        if failed and failed[-1]["type"] == "OperationalError":
            saw = f"the boot failed: {failed[-1]['type']}: {failed[-1]['message']}"
            fail("boot-needs-database", wanted=wanted, saw=saw, where=failed[-1].where)
        site.boots(fair, "/healthz")
    for path in ("/healthz", "/shop/hello/"):
        usual = server.send(path).answer(GENEROUS_S)
        if usual is None or usual.status != 200:
            continue  # with a database it is no better: that is a matter of its own
        answer = fair.send(path).answer(GENEROUS_S)
        if answer is None or answer.status != 200:
            saw = f"{path} got {'no answer' if answer is None else f'status {answer.status}'}"
            fail("boot-needs-database", wanted=wanted, saw=saw, where=site.callable)


@needs("test_the_shop_is_mounted")
def test_a_file_arrives_as_it_is(site: Site, server: Server, gate: Gate, project: Path) -> None:
    """A file arrives byte by byte as it lies on the disk."""
    gate.open()
    right = (project / "shop/prices.csv").read_bytes()
    request = server.send("/shop/prices.csv")
    answer = request.answer(GENEROUS_S)
    if answer is None or answer.status != 200:
        site.judge_closed_file(server)
    # Fewer bytes than Content-Length said: the answer broke, and what came of it is in the error.
    body = request.error.partial if isinstance(request.error, IncompleteRead) else server.answer_of(request).body
    if body != right:
        saw = f"{len(body):,} bytes arrived, beginning with {body[:24]!r}"
        wanted = f"/shop/prices.csv: {len(right):,} bytes, beginning with {right[:24]!r}"
        fail("body-changed", wanted=wanted, saw=saw, where=site.callable)


@needs("test_a_missing_database_stops_only_its_own_pages")
def test_django_is_built_once(site: Site, fair: Server, gate: Gate) -> None:
    """Django is built once in a process, not once for each request or thread, and mixes no two requests."""
    queries = ["visitor=1", "visitor=2"]
    visits = [fair.send(f"/shop/echo/both?{query}", label=query) for query in queries]
    # Both are inside Django now, so two threads are.
    together = site.hold("started /shop/echo/both", len(visits))
    gate.open()
    answers = [fair.answer_of(visit) for visit in visits]
    for query, answer in zip(queries, answers, strict=True):
        arrived = facts_of(answer).get("query")
        if arrived != query and arrived in queries:
            wanted = "two requests at the same time, in two threads: each is answered for itself"
            saw = f"the one with the query {query} was answered for {arrived}"
            fail("requests-mixed", wanted=wanted, saw=saw, where=site.callable)
    numbers = [answer.headers["X-Handler"] for answer in answers]
    numbers.append(fair.get("/shop/hello/").headers["X-Handler"])
    if len(set(numbers)) > 1:
        how = ", two of them at the same time," if together else ""
        saw = f"three requests{how} were served by the handlers {', '.join(map(str, numbers))} of one process"
        fail("handler-per-request", wanted="one handler serves them all", saw=saw, where=site.callable)


@needs("test_a_missing_database_stops_only_its_own_pages")
def test_the_deployments_settings_win(site: Site, fair: Server, gate: Gate) -> None:
    """A deployment's own DJANGO_SETTINGS_MODULE wins."""
    gate.open()
    in_force = facts_of(fair.get("/shop/about/")).get("settings")
    if in_force != FAIR:
        place = line_with(site.run.project, WSGI_FILE, "DJANGO_SETTINGS_MODULE") or site.callable
        wanted = f"started with DJANGO_SETTINGS_MODULE={FAIR}, the site uses it"
        fail("settings-overridden", wanted=wanted, saw=f"{in_force} is in force", where=place)


@needs("test_the_deployments_settings_win")
def test_a_broken_urlconf_fails_the_boot(site: Site, server: Server, gate: Gate, picture: Picture) -> None:
    """A URLconf that cannot be imported fails the boot, not the first visitor."""
    gate.open()
    draw_first_visits(site, picture, server)
    broken_fair = site.copy("broken_fair", {"shop/urls_fair.py": lambda text: text + BROKEN})
    at_the_fair = site.start("broken fair", folder=broken_fair, environment={"DJANGO_SETTINGS_MODULE": FAIR})
    if ending_of_boot(at_the_fair) is not Ending.EXITED:
        # Does it import no URLconf at all, or another one than these settings name?
        broken = site.copy("broken", {"shop/urls.py": lambda text: text + BROKEN})
        must_not_boot(site.start("broken", folder=broken), "broken-urlconf-boots", "an import error in shop/urls.py")
    edit = f"{FAIR}, and an import error in its URLconf, shop/urls_fair.py"
    must_not_boot(at_the_fair, "warms-another-urlconf", edit)


@needs("test_the_shop_is_mounted")
def test_a_stream_passes_chunk_by_chunk(site: Site, server: Server, gate: Gate) -> None:
    """A stream's chunks leave one by one, each while the next is still being made."""
    with server.stream("/shop/labels/", label="labels") as labels:
        for number in (1, 2):
            # Whoever makes the next label was asked for it, so by PEP 3333 this one has been sent.
            if not site.hold(f"label {number + 1}", unless=STREAM_FINISHED):
                site.judge_missing_label(number + 1)
            if not labels.read_until(b"label %d\n" % number, SENT_S):
                wanted = f"label {number} arrives while label {number + 1} is still being made"
                saw = f"label {number + 1} was asked for, and label {number} had not been sent"
                fail("stream-held-back", wanted=wanted, saw=saw, where=site.handed_over("/shop/labels/"))
        gate.open()
        if not labels.read_until(b"label %d\n" % LABELS, GENEROUS_S):
            saw, where = f"{labels.body.count(b'label ')} did", site.handed_over("/shop/labels/")
            fail("stream-held-back", wanted=f"all {LABELS} labels arrive", saw=saw, where=where)


@needs("test_a_stream_passes_chunk_by_chunk", "test_a_file_arrives_as_it_is")
def test_each_request_is_finished_once(
    site: Site, server: Server, strict: Server, gate: Gate, history: History
) -> None:
    """Django finishes each request exactly once: a page, a file, a stream, and one whose visitor leaves."""
    gate.open()
    for path in ("/shop/hello/", "/shop/prices.csv", "/shop/labels/"):
        since = history.now()
        server.get(path, deadline_s=GENEROUS_S)
        site.all_told(server)
        site.judge_finished(path, since, "which was answered")
    since = history.now()
    if not site.is_idle(server):
        site.judge_finished("/shop/about/", since, "which was answered")
    gate.reset()
    since = history.now()
    with server.stream("/shop/labels/", label="a visitor who leaves") as labels:
        if not site.hold("label 2") or not labels.read_until(b"label 1\n", GENEROUS_S):
            site.judge_missing_label(2)
    gate.open()
    site.all_told(server)
    site.judge_finished("/shop/labels/", since, "whose visitor left after the first chunk")
    usual = strict.send("/shop/labels/").answer(GENEROUS_S)
    if usual is None or usual.status >= 500:
        return  # no page there at all: that is a matter of PEP 3333
    since = history.now()
    strict.get("/shop/labels/", deadline_s=GENEROUS_S, headers={LEAVES: "before the first chunk"})
    begun = site.told("started", "/shop/labels/", since=since)  # never, by a body that calls Django when it is read
    site.judge_finished("/shop/labels/", since, "whose visitor left before the first chunk", begun)


@needs("test_the_shop_is_mounted")
def test_the_inspector_reads_the_shop(inspector: Inspector, gate: Gate) -> None:
    """inspect_wsgi.py gets a page of the shop without a server, and tells what came."""
    gate.open()
    facts = {"status": 200, "chunks": 1, "bytes": 6}
    wanted = "`python inspect_wsgi.py shop.wsgi:application /shop/hello/` reports the page"
    report = inspector.shop("/shop/hello/", facts, wanted=wanted)
    if header(report, "Content-Type") != "text/plain":
        wanted = "headers: a list of [name, value], with Content-Type text/plain in it"
        fail("inspector-report", wanted=wanted, saw=f"headers: {report['headers']!r}"[:200])


def test_the_inspector_makes_a_whole_environ(inspector: Inspector, gate: Gate, history: History) -> None:
    """inspect_wsgi.py makes the environ that PEP 3333 asks for."""
    gate.open()
    since = history.now()
    target = "/find/caf%C3%A9+tea/?word=a%20b&back=/a?b"
    program = inspector.run("callable_lab:environs", target, wanted="an environ")
    if inspector.judge_environ(program, target, since):
        return
    wanted = "inspect_wsgi.py calls the application it is told"
    if program.process.returncode:
        raise program.crashed(wanted)
    fail("inspector-report", wanted=wanted, saw=f"it did not: stdout was {inspector.said(program)[:120]!r}")


@needs("test_the_inspector_makes_a_whole_environ")
def test_the_inspector_closes_what_it_read(site: Site, inspector: Inspector, gate: Gate, history: History) -> None:
    """inspect_wsgi.py closes what it was given, also after an error, and so Django finishes its request."""
    gate.open()
    since = history.now()
    wanted = "close() of what the application returned is called, when it has one"
    # The bare shop, so that a close() which shop/wsgi.py loses is no fault of the inspector.
    stream = {"status": 200, "chunks": LABELS}
    reads = "a stream is read to its end, chunk by chunk"
    inspector.lab("callable_lab:shop", stream, code="inspector-report", wanted=reads, target="/labels/")
    if (finished := site.told("finished", "/labels/", since=since)) != 1:
        saw = f"Django told request_finished {times(finished)}"
        fail("close-forgotten", wanted="the inspected request is finished once", saw=saw)
    listed = {"status": 200, "closed": False}
    inspector.lab("callable_lab:lists", listed, code="close-assumed", wanted="a list has no close()")
    inspector.lab("callable_lab:closes", {"closed": True}, code="close-forgotten", wanted=wanted)
    program = inspector.run("callable_lab:breaks", wanted=wanted)
    closed = [event["app"] for event in inspector.told("lab.closed", since=since)]
    if "closes" not in closed:
        fail("close-forgotten", wanted=wanted, saw="it was not called, although `closed` said so")
    if "breaks" not in closed:
        wanted = "close() is called, too, when the application breaks after its first chunk"
        fail("close-forgotten", wanted=wanted, saw="it was not called")
    if program.process.returncode == 0:
        saw = f"exit code 0, and {inspector.said(program)[:120]!r}"
        fail("error-swallowed", wanted="an application that breaks ends it with an exit code other than 0", saw=saw)


@needs("test_the_inspector_closes_what_it_read")
def test_the_inspector_understands_start_response(inspector: Inspector, gate: Gate, history: History) -> None:
    """inspect_wsgi.py understands an application that starts late, writes, prints or reconsiders, and no wrong one."""
    gate.open()
    code = "start-response-misread"
    two = {"chunks": 2, "bytes": 8}
    wanted = "an application that calls start_response with its first chunk, and sends three, one of them empty"
    inspector.lab("callable_lab:lazy", {"status": 202, **two, "chunks": 3}, code=code, wanted=wanted)
    wanted = "an application that sends one chunk by write(), and returns one"
    inspector.lab("callable_lab:writes", {"status": 201, **two}, code=code, wanted=wanted)
    wanted = "an application that calls start_response again, with exc_info, before its first chunk"
    sorry = {"status": 503, "chunks": 1, "bytes": 5}
    report = inspector.lab("callable_lab:reconsiders", sorry, code=code, wanted=wanted)
    if header(report, "Retry-After") != "5":
        fail(code, wanted=f"{wanted}: the headers of the second call", saw=f"headers: {report['headers']!r}"[:200])
    if header(report, "Set-Cookie", 1) is None:
        wanted = "headers: every pair, also the second of two Set-Cookie"
        fail("inspector-report", wanted=wanted, saw=f"headers: {report['headers']!r}"[:200])
    wanted = "an application that prints, when it is imported, called and read"
    inspector.lab("callable_talks:talks", {"status": 200, **two}, code="inspector-report", wanted=wanted)
    since = history.now()
    for application, mistake in MISTAKES.items():
        wanted = f"an exit code other than 0 for an application that {mistake}"
        inspector.refuses(f"callable_lab:{application}", code=code, wanted=wanted)
    if not inspector.told("lab.closed", since=since):
        wanted = "close() is called, too, when the application never called start_response"
        fail("close-forgotten", wanted=wanted, saw="it was not called")
