"""Checks of ASGI Servers: serve.py. One app, five servers and uvicorn's options, all started side by side."""

from __future__ import annotations

from checker.harness import starters
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.given import expect_given
from checker.harness.run import Run
from checker.harness.suite import needs
from checker.stage_3.asgi_servers import places
from checker.stage_3.asgi_servers.acts import expect_heard
from checker.stage_3.asgi_servers.fixtures import Measured
from checker.stage_3.asgi_servers.refusals import Refusal, expect_refused
from checker.stage_3.asgi_servers.rows import GUNICORN_ASGI, HYPERCORN, ROWS, WORKERS
from checker.stage_3.asgi_servers.stack import EVERYWHERE
from checker.stage_3.asgi_servers.trials import Trial
from checker.stage_3.asgi_servers.uvicorn_options import Options

GIVEN = ("parcels/asgi.py", "parcels/release.py")


def test_each_server_serves_the_app(run: Run, serving: dict[str, Trial], limited: Trial) -> None:
    """Each of the five serves the given app at HOST and PORT."""
    expect_given(run, *GIVEN)
    for row in ROWS:
        page = serving[row.name].booted.result()
        where = places.server(run, row.name)
        wanted = f"serve.py {' '.join(row.arguments)} serves the app by {row.package}"
        facts = {"server": row.name}
        if page["server"] != row.package:
            fail("another-server", wanted=wanted, saw=f"it was called by {page['server']}", where=where, facts=facts)
        if row.worker_module and row.worker_module not in page["worker_modules"]:
            others = ", ".join(page["worker_modules"]) or "no worker of uvicorn's for gunicorn"
            saw = f"{others} was loaded in its place"
            wanted = f"serve.py {row.name} serves by gunicorn, with a worker of the package {row.worker_module}"
            fail("another-server", wanted=wanted, saw=saw, where=where, facts=facts)
    limited.booted.result()
    opened = {e["server"]: str(e["host"]) for e in run.history.events(EventKind.CONTAINER_OPENED)}
    for row in ROWS:
        if row.name not in opened:
            wanted = f"with HOST={EVERYWHERE}, serve.py {row.name} listens at all addresses"
            saw, where = "it listens at one address only", places.server(run, row.name)
            fail("wrong-address", wanted=wanted, saw=saw, where=where)
    if asked := opened.get(limited.site.name):
        where = places.line(run, r"0\.0\.0\.0", r"HOST")
        wanted = "without HOST it listens at 127.0.0.1"
        fail("wrong-address", wanted=wanted, saw=f"it listens at all addresses ({asked})", where=where)


@needs("test_each_server_serves_the_app")
def test_as_many_processes_answer_as_workers(run: Run, measured: dict[str, Measured], ahead: starters.Ahead) -> None:
    """With --workers 2, two processes answer, under each but daphne."""
    ahead("options", "test_a_save_is_served_with_reload_alone")
    ahead("refusals", "test_what_a_server_cannot_do_is_refused")
    ahead("boxed", "test_the_container_serves_and_stops")
    for row in ROWS:
        pids = measured[row.name].workers.result()
        if row.has_workers and len(pids) < WORKERS:
            saw = f"all visitors were answered by pid {', '.join(map(str, pids))}"
            wanted = f"serve.py {' '.join(row.arguments)} answers by {WORKERS} processes"
            where = places.line(run, r"\bworkers\s*=", r"""["'](--workers|-w)["']""") or places.server(run, row.name)
            fail("too-few-workers", wanted=wanted, saw=saw, where=where, facts={"server": row.name})


@needs("test_each_server_serves_the_app")
def test_what_a_server_cannot_do_is_refused(refusals: list[Refusal]) -> None:
    """What a server cannot do is refused: exit code 2, and which option."""
    for refusal in refusals:
        expect_refused(refusal)


@needs("test_each_server_serves_the_app")
def test_a_save_is_served_with_reload_alone(options: Options) -> None:
    """With --reload a saved module is served at once; without it, not."""
    options.reloading.booted.result()
    options.reloaded.result()
    options.unmoved.result()


@needs("test_each_server_serves_the_app")
def test_one_more_than_the_limit_is_refused(options: Options) -> None:
    """With --limit, so many are served at once; one more gets a 503."""
    options.limit.result()


@needs("test_each_server_serves_the_app")
def test_trusted_proxies_alone_are_believed(options: Options) -> None:
    """X-Forwarded-* is believed from those whom --trust names, alone."""
    options.believed.result()
    options.unbelieved.result()


@needs("test_each_server_serves_the_app")
def test_http2_is_on_where_a_server_has_it(run: Run, measured: dict[str, Measured]) -> None:
    """Who can speaks HTTP/2 without TLS, beside HTTP/1.1."""
    for row in (HYPERCORN, GUNICORN_ASGI):
        if not measured[row.name].http2.result():
            version = measured[row.name].trial.booted.result()["http_version"]
            saw = f"a client that began with HTTP/2 got no page; HTTP/{version} is served"
            wanted = f"serve.py {row.name} answers HTTP/2 without TLS, which this server can"
            where = places.line(run, r"http.protocols", r"http2") or places.server(run, row.name)
            fail("http2-off", wanted=wanted, saw=saw, where=where, facts={"server": row.name})


@needs("test_each_server_serves_the_app")
def test_term_reaches_the_server(run: Run, measured: dict[str, Measured]) -> None:
    """TERM to the process that was started ends the whole server."""
    for row in ROWS:
        expect_heard(run, row.name, measured[row.name].term.result())
