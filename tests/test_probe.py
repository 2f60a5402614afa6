"""The probe on real servers: it names what stops a loop, says nothing of the innocent, and changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlencode

import pytest

from checker.harness.events import EventKind
from checker.harness.history import Event
from checker.harness.servers.gunicorn import gunicorn
from checker.harness.servers.uvicorn import uvicorn
from checker.probe.learn_probe.watchdog import UNNAMED
from tests.probed_project import GUILTY, INNOCENT, SHORT
from tests.probed_site import LOOP_SERVERS, STARTERS, Site, busy_machine, serve

DEADLINE_S = 30.0
BUSY_DEADLINE_S = 120.0
ROUNDS = 3
BUSY_PROCESSES = 3

# Everything is tried on the loop that most deployments have; the other servers are held to the heart of it.
GUILTY_ON = [("uvicorn-uvloop", view) for view in GUILTY] + [
    (server, view) for server in LOOP_SERVERS[1:] for view in ("sleeps", "computes", "asks")
]


class Sites(dict[str, Site]):
    """One site for each server, started when a test first asks for it."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        super().__init__()
        self._folder = folder
        self._stack = stack

    def __missing__(self, name: str) -> Site:
        (self._folder / name).mkdir()
        self[name] = self._stack.enter_context(serve(STARTERS[name], self._folder / name))
        self[name].server.expect_ready("/hello/")
        return self[name]


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """The sites of this module."""
    with ExitStack() as stack:
        yield Sites(tmp_path_factory.mktemp("sites"), stack)


def ask(site: Site, view: str) -> Event:
    """Ask for the view, let its upstream answer once a stall was told of, and return the app.left of the request."""
    since = site.history.now()
    query = urlencode({"url": f"{site.gate.url}/hold/x", "port": site.gate.port})
    exchange = site.server.send(f"/{view}/?{query}", label=view)
    if view == "asks":
        site.history.wait_for(EventKind.LOOP_STALLED, since=since, deadline_s=DEADLINE_S)
        site.gate.release()
    answer = exchange.wait_answer(DEADLINE_S)
    assert answer is not None
    assert answer.status == 200
    left = site.history.wait_for(EventKind.APP_LEFT, lambda e: e["request"] == exchange.id, deadline_s=DEADLINE_S)
    assert left is not None
    return left


def told_of(site: Site, kind: StrEnum, **facts: str) -> Event:
    """The first such event."""
    event = site.history.wait_for(kind, lambda e: all(e[k] == v for k, v in facts.items()), deadline_s=DEADLINE_S)
    assert event is not None, site.server.process.log.text
    return event


# --- what stops a loop ---


@pytest.mark.parametrize(("server", "view"), GUILTY_ON)
def test_a_stalled_loop_is_told_with_its_line(sites: Sites, server: str, view: str) -> None:
    site, since = sites[server], sites[server].history.now()
    file, comment, state = GUILTY[view]
    ask(site, view)
    stalls = site.history.events(EventKind.LOOP_STALLED, since=since)
    assert [(s["where"]["file"], s["where"]["line"], s["state"]) for s in stalls] == [
        (file, site.line(file, comment), state)
    ]
    assert comment in stalls[0]["where"]["doing"]


@pytest.mark.parametrize(("server", "name"), [("uvicorn-uvloop", UNNAMED), ("uvicorn-asyncio", "time.sleep")])
def test_a_call_that_no_line_of_the_project_is_in_is_told_by_its_name(sites: Sites, server: str, name: str) -> None:
    site, since = sites[server], sites[server].history.now()
    ask(site, "bare_call")
    (stall,) = site.history.events(EventKind.LOOP_STALLED, since=since)
    assert (stall.where, stall["top"], stall["state"]) == (None, name, "waiting")


@pytest.mark.parametrize("server", LOOP_SERVERS)
def test_a_stall_is_told_while_it_lasts(sites: Sites, server: str) -> None:
    site, since = sites[server], sites[server].history.now()
    left = ask(site, "asks")  # its upstream answers when the stall has been told, and not before
    stall = site.history.wait_for(EventKind.LOOP_STALLED, since=since, deadline_s=0)
    resumed = site.history.wait_for(EventKind.LOOP_RESUMED, since=since, deadline_s=DEADLINE_S)
    assert stall is not None
    assert resumed is not None
    assert stall.t < left.t
    assert resumed["where"] == stall["where"]
    assert resumed["ms"] >= (left.t - stall.t) * 1000


@pytest.mark.parametrize("view", SHORT)
@pytest.mark.parametrize("server", ["uvicorn-uvloop", "uvicorn-asyncio", "daphne"])
def test_a_blocking_call_is_told_however_short(sites: Sites, server: str, view: str) -> None:
    site, since = sites[server], sites[server].history.now()
    call, comment = SHORT[view]
    ask(site, view)
    places = {(e["call"], e["where"]["line"]) for e in site.history.events(EventKind.LOOP_CALLED, since=since)}
    assert places == {(call, site.line("site_/views.py", comment))}


@pytest.mark.parametrize("server", LOOP_SERVERS)
def test_nothing_is_told_of_innocent_views(sites: Sites, server: str) -> None:
    site, since = sites[server], sites[server].history.now()
    for view in INNOCENT:
        ask(site, view)
    assert site.reports(since) == []


@pytest.mark.parametrize("server", ["uvicorn-uvloop", "uvicorn-asyncio"])
def test_nothing_is_told_of_them_on_a_busy_machine(sites: Sites, server: str) -> None:
    site, since = sites[server], sites[server].history.now()
    query = urlencode({"port": site.gate.port})
    with busy_machine(BUSY_PROCESSES):
        for _ in range(ROUNDS):
            exchanges = [site.server.send(f"/{view}/?{query}", deadline_s=BUSY_DEADLINE_S) for view in INNOCENT]
            answers = {e.path: e.wait_answer(BUSY_DEADLINE_S) for e in exchanges}
            assert [path for path, answer in answers.items() if answer is None or answer.status != 200] == []
        ask(site, "hello")
    assert site.reports(since) == []


def test_a_first_request_that_imports_slowly_is_no_stall(tmp_path: Path) -> None:
    urls = "import time\ntime.sleep(0.5)\nfrom django.urls import path\nfrom site_ import views\n"
    urls += 'urlpatterns = [path("hello/", views.hello)]\n'
    with serve(STARTERS["uvicorn-uvloop"], tmp_path, {"site_/urls.py": urls}) as site:
        ask(site, "hello")
        assert site.reports(0) == []


# --- what a request meets ---


@pytest.mark.parametrize("server", STARTERS)
def test_a_request_is_told_when_it_enters_and_leaves_the_app(sites: Sites, server: str) -> None:
    site = sites[server]
    exchange = site.server.send("/hello/")
    answer = exchange.wait_answer(DEADLINE_S)
    assert answer is not None
    assert answer.text == "ok"
    entered = told_of(site, EventKind.APP_ENTERED, request=exchange.id)
    left = told_of(site, EventKind.APP_LEFT, request=exchange.id)
    is_asgi = server in LOOP_SERVERS
    assert (entered["scope"], entered["path"], entered["loop"]) == ("http" if is_asgi else "wsgi", "/hello/", is_asgi)
    assert entered["server"] == site.server.name
    assert entered["pid"] == left["pid"]
    assert entered.t < left.t
    assert left.get("status") == (None if is_asgi else 200)


@pytest.mark.parametrize("server", STARTERS)
@pytest.mark.parametrize(
    ("view", "error", "comment"), [("fails", "ValueError", "# fails"), ("fails_too", "KeyError", "# fails too")]
)
def test_an_error_behind_a_500_page_is_told_once(
    sites: Sites, server: str, view: str, error: str, comment: str
) -> None:
    site = sites[server]
    exchange = site.server.send(f"/{view}/")
    answer = exchange.wait_answer(DEADLINE_S)
    assert answer is not None
    assert answer.status == 500
    told_of(site, EventKind.APP_LEFT, request=exchange.id)
    errors = [e for e in site.history.events(EventKind.APP_RAISED) if e["request"] == exchange.id]
    assert [(e["type"], e["where"]["line"]) for e in errors] == [(error, site.line("site_/views.py", comment))]
    assert error in errors[0]["traceback"].splitlines()[-1]


def test_an_error_half_way_through_a_stream_is_told(sites: Sites) -> None:
    site = sites["gunicorn-sync"]
    exchange = site.server.send("/streams_badly/")
    event = told_of(site, EventKind.APP_RAISED, request=exchange.id)
    assert (event["message"], event["where"]["line"]) == ("half-way", site.line("site_/views.py", "# half-way"))


def test_a_view_that_ends_the_process_is_told(sites: Sites) -> None:
    site = sites["gunicorn-sync"]
    exchange = site.server.send("/exits/")
    event = told_of(site, EventKind.APP_RAISED, request=exchange.id)
    assert (event["type"], event["where"]["line"]) == ("SystemExit", site.line("site_/views.py", "# exits"))


# --- and nothing is changed ---


@pytest.mark.parametrize("server", ["gunicorn-sync", "gunicorn-gthread"])
def test_a_stream_is_not_held_back(sites: Sites, server: str) -> None:
    site = sites[server]
    with site.server.stream(f"/streams/?{urlencode({'url': f'{site.gate.url}/hold/x'})}") as stream:
        assert stream.read_until(b"one", DEADLINE_S)
        assert site.gate.wait_held(1)
        assert not [e for e in site.history.events(EventKind.APP_LEFT) if e["request"] == stream.id]
        site.gate.release()
        assert stream.read_to_end(DEADLINE_S)
    assert stream.body == b"one two"
    told_of(site, EventKind.APP_LEFT, request=stream.id)


@pytest.mark.parametrize("server", STARTERS)
def test_a_file_response_is_whole(sites: Sites, server: str) -> None:
    site = sites[server]
    answer = site.server.expect_get("/file/", deadline_s=DEADLINE_S)
    assert answer.body == (site.project / "site_/views.py").read_bytes()


def test_workers_forked_from_a_loaded_master_tell_their_own_pids(tmp_path: Path) -> None:
    arguments = ["--preload", "--workers", "2"]
    with serve(lambda run: gunicorn(run, "site_.wsgi:application", arguments=arguments), tmp_path) as site:
        site.server.expect_ready("/hello/")
        loaded = told_of(site, EventKind.APP_LOADED)
        entered = told_of(site, EventKind.APP_ENTERED)
    assert loaded["pid"] == site.server.pid
    assert entered["pid"] != site.server.pid


def test_what_the_project_does_to_standard_modules_does_not_silence_the_probe(tmp_path: Path) -> None:
    asgi = """
import json, linecache, os, queue, threading, time, traceback
from site_ import slow

def broken(*args, **kwargs):
    raise AssertionError("sabotage")

json.dumps = json.JSONEncoder.default = time.monotonic = time.sleep = os.fstat = broken
threading.Event = queue.SimpleQueue = traceback.format_exception = linecache.getline = broken

async def application(scope, receive, send):
    if scope["type"] == "http":
        os.closerange(20, 100)
        slow.compute(12_000_000)
        raise ValueError("no")
"""
    start = STARTERS["uvicorn-uvloop"]
    with serve(start, tmp_path, {"site_/asgi.py": asgi}) as site:
        site.server.send("/")
        stall = told_of(site, EventKind.LOOP_STALLED)
        raised = told_of(site, EventKind.APP_RAISED, type="ValueError")
    assert stall["where"]["line"] == site.line("site_/slow.py", "# computes")
    assert raised["where"]["line"] == len(asgi.splitlines())


# --- loading ---


def test_a_failed_import_is_told_and_ends_the_server_as_it_would_have(tmp_path: Path) -> None:
    with serve(STARTERS["gunicorn-sync"], tmp_path, {"site_/wsgi.py": "import os\nimport nosuch  # here\n"}) as site:
        event = told_of(site, EventKind.APP_IMPORT_FAILED)
        assert site.server.process.wait(DEADLINE_S) == 3  # gunicorn's own code for "worker failed to boot"
    assert (event["type"], event["where"]["line"]) == ("ModuleNotFoundError", 2)
    assert "No module named 'nosuch'" in site.server.process.log.text


def test_a_syntax_error_is_told_with_its_own_line(tmp_path: Path) -> None:
    with serve(STARTERS["uvicorn-uvloop"], tmp_path, {"site_/asgi.py": "import os\n\ndef x(:\n"}) as site:
        event = told_of(site, EventKind.APP_IMPORT_FAILED)
        assert site.server.process.wait(DEADLINE_S) == 1
    assert (event["where"]["file"], event["where"]["line"]) == ("site_/asgi.py", 3)
    assert event["where"]["doing"] == "def x(:"


def test_an_app_that_is_missing_from_its_module_is_told(tmp_path: Path) -> None:
    with serve(STARTERS["uvicorn-uvloop"], tmp_path, {"site_/asgi.py": "app = None\n"}) as site:
        event = told_of(site, EventKind.APP_IMPORT_FAILED)
    assert (event["type"], event["where"]) == ("AttributeError", None)
    assert re.search("no attribute 'application'", event["message"])


def test_an_endless_import_is_told_with_the_line_it_is_in(tmp_path: Path) -> None:
    asgi = "import threading\n\nthreading.Event().wait()\n"
    with serve(STARTERS["uvicorn-uvloop"], tmp_path, {"site_/asgi.py": asgi}) as site:
        event = told_of(site, EventKind.APP_IMPORTING)
    assert (event["where"]["file"], event["where"]["line"]) == ("site_/asgi.py", 3)
    assert event["seconds"] >= 2


def test_a_bare_asgi_app_gets_the_servers_own_scope_receive_and_send(tmp_path: Path) -> None:
    asgi = """
async def application(scope, receive, send):
    names = [f"{value.__module__}.{value.__qualname__}" for value in (receive, send)]
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                print("shut down", flush=True)
                return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": " ".join(names).encode()})
"""
    arguments = ["--lifespan", "on"]
    with serve(
        lambda run: uvicorn(run, "site_.asgi:application", arguments=arguments), tmp_path, {"site_/asgi.py": asgi}
    ) as site:
        answer = site.server.expect_ready()
    assert all(name.startswith("uvicorn.") for name in answer.text.split())
    assert "shut down" in site.server.process.log.text
    assert not [e for e in site.history.events(EventKind.APP_ENTERED) if e["scope"] == "lifespan"]
