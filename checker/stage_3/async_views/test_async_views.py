"""Asynchronous Views: one project of five pages, under uvicorn first, then the same code under gunicorn.

The five suppliers and the printer are the Gate: "at the same time" is counted, "in order of arrival" is decided here.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.processes import Process, clean_environment
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.stack import Stack
from checker.harness.suite import needs
from checker.stage_3.async_views.desk import (
    NUMBERS,
    PRICES,
    PROMPT_S,
    all_held,
    answered,
    answered_with,
    blocked,
    dashboard,
    five_asked,
    one_in_trouble,
    priced,
    release,
    still_open,
)
from checker.stage_3.async_views.events import event_of, in_order_of_arrival, listening, resumed

VISITORS = 40
MIGRATE_DEADLINE_S = 30.0

# --- the desk, running ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Booting:
    """All three start side by side; whoever needs one waits for it."""

    uvicorn: Server
    gunicorn: Server
    migrate: Process
    database: Path


@pytest.fixture(scope="session")
def booting(run: Run, stack: Stack, gate: Gate, uvicorn: Any, gunicorn: Any) -> Booting:
    """uvicorn, gunicorn, and `manage.py migrate` on an empty database."""
    database = run.temporary / "desk.sqlite3"
    environment = {"UPSTREAM_URL": gate.url, "DATABASE_PATH": str(database)}

    def migrate(run: Run) -> Process:
        return Process(
            run,
            "migrate",
            # --skip-checks: they would import the views, whose faults are the servers' to tell.
            [sys.executable, "manage.py", "migrate", "--skip-checks"],
            environment=clean_environment(run.temporary, environment),
            folder=run.project,
        )

    return Booting(
        uvicorn("desk.asgi:application", environment=environment),
        gunicorn("desk.wsgi:application", environment=environment),
        stack.start(migrate),
        database,
    )


@pytest.fixture(scope="session")
def migrated(booting: Booting) -> Booting:
    """The same, once the database has its tables and rows."""
    if (code := booting.migrate.wait(MIGRATE_DEADLINE_S)) != 0:
        ending = f"no end after {MIGRATE_DEADLINE_S:.0f} s" if code is None else f"exit code {code}"
        saw = "\n  ".join([ending, *booting.migrate.log.last_lines(8)])
        fail("migrate-failed", wanted="`python manage.py migrate` makes the desk's tables", saw=saw)
    return booting


@pytest.fixture(scope="session")
def database(migrated: Booting) -> Path:
    """The desk's database."""
    return migrated.database


def rows(database: Path, query: str, *arguments: str) -> list[Any]:
    """What the database itself answers, past the learner's code."""
    try:
        with closing(sqlite3.connect(database, timeout=10)) as connection, connection:
            return connection.execute(query, arguments).fetchall()
    except sqlite3.Error as error:
        fail("migrate-failed", wanted="the tables that the given migrations make", saw=str(error))


@pytest.fixture(scope="session")
def desk(migrated: Booting) -> Server:
    """The desk under uvicorn."""
    return migrated.uvicorn


@pytest.fixture(scope="session")
def wsgi_desk(migrated: Booting) -> Server:
    """The desk under gunicorn, with one sync worker."""
    return migrated.gunicorn


# --- under uvicorn: the pages -------------------------------------------------------------------------


def test_the_desk_answers(booting: Booting) -> None:
    """The desk answers under uvicorn."""
    booting.uvicorn.ready("/hello/")
    answered_with(booting.uvicorn, "/hello/", "hello")


@needs("test_the_desk_answers")
def test_one_dashboard_asks_five_at_once(desk: Server, gate: Gate) -> None:
    """One dashboard asks its five suppliers at the same time."""
    page = desk.send("/dash/", label="dashboard")
    five_asked(desk, gate, page)
    release(gate)
    wanted = "the dashboard with the price of each supplier"
    priced(answered(desk, page, wanted), PRICES, wanted)


@needs("test_one_dashboard_asks_five_at_once")
def test_other_pages_are_served_meanwhile(desk: Server, gate: Gate) -> None:
    """Other pages are served while a dashboard waits."""
    since = History.now()
    page = desk.send("/dash/", label="dashboard")
    if not gate.wait_held(1):
        answered(desk, page, "the dashboard asks its suppliers", 0.1)
    for path in ("/hello/", "/search/?q=steel"):
        other = desk.send(path, label=path)
        if other.answer(PROMPT_S) is None:
            blocked(desk, since, f"{path} is answered while a dashboard waits for its suppliers")
            desk.answer_of(other)


@needs("test_other_pages_are_served_meanwhile")
def test_the_loop_never_stalls(desk: Server, gate: Gate, history: History) -> None:
    """The event loop never stands still while pages are served."""
    gate.open()
    since = History.now()
    for path in ("/dash/", "/search/?q=steel", "/events/", "/hello/"):
        last = desk.send(path, label=path)
        last.answer()
    # The probe tells of a stall before the loop moves on: when the last request has left, all was told.
    history.wait_for("app.left", lambda e: bool(e["request"] == last.id), since=since, deadline_s=2)
    blocked(desk, since, "nothing blocks the event loop's own thread", deadline_s=0)


@needs("test_the_loop_never_stalls")
def test_forty_dashboards_wait_together(desk: Server, gate: Gate) -> None:
    """Forty dashboards wait together in one process."""
    since = History.now()
    pages = [desk.send("/dash/", label=f"dashboard {n}") for n in range(1, VISITORS + 1)]
    wanted = f"{VISITORS} dashboards hold {5 * VISITORS} calls open at the same time"
    if not all_held(gate, 5 * VISITORS, lambda: all(page.is_done for page in pages)):
        blocked(desk, since, wanted)
        fail("few-at-once", wanted=wanted, saw=f"{gate.peak} were open; no more came until one of them ended")
    release(gate)
    for page in pages:
        priced(answered(desk, page, wanted, 20), PRICES, f"{page.label} with the price of each supplier")


@needs("test_the_desk_answers")
def test_the_numbers_are_right(desk: Server, database: Path, gate: Gate) -> None:
    """The numbers from the database are right."""
    gate.open()
    query = "SELECT count(*), (SELECT count(*) FROM desk_customer), sum(amount) FROM desk_order"
    for _ in range(2):
        truth = dict(zip(NUMBERS, *rows(database, query), strict=True))
        body = dashboard(answered(desk, desk.send("/dash/", label="dashboard"), "the dashboard"))
        if (seen := {key: body[key] for key in NUMBERS}) != truth:
            fail("wrong-answer", wanted=json.dumps(truth), saw=json.dumps(seen))
        rows(database, "INSERT INTO desk_order (customer_id, item, amount) VALUES (1, 'steel wool', 7)")


@needs("test_the_desk_answers")
def test_the_search_finds(desk: Server, database: Path) -> None:
    """The search finds orders by a part of their item."""
    query = (
        "SELECT item, name FROM desk_order JOIN desk_customer ON desk_customer.id = customer_id"
        " WHERE item LIKE ? ORDER BY desk_order.id"
    )
    for text in ("steel", "copper", "no such thing"):
        found = [{"item": item, "customer": name} for item, name in rows(database, query, f"%{text}%")]
        path = f"/search/?q={text.replace(' ', '+')}"
        answer = answered(desk, desk.send(path, label=path), "the search answers")
        if answer.json() != {"orders": found}:
            wanted = f"{path} answers {json.dumps({'orders': found})}"
            fail("wrong-answer", wanted=wanted[:300], saw=answer.text[:300])


@needs("test_other_pages_are_served_meanwhile")
def test_a_late_supplier_costs_a_null(desk: Server, gate: Gate) -> None:
    """A late supplier costs a null, not the page."""
    in_time = {name: price for name, price in PRICES.items() if name != "cobalt"}
    missing: list[str] = []
    # On a machine so slow that the four quick ones miss the first deadline, the second tells slow from wrong.
    for deadline_s in (0.5, 4):
        gate.reset()
        answer = one_in_trouble(desk, gate, "cobalt", deadline_s)
        missing = dashboard(answer)["missing"]
        if missing == ["cobalt"]:
            priced(answer, in_time, "four prices, and null for cobalt")
            if not gate.wait_left(1, PROMPT_S):
                wanted = "once the page is answered, the call to the late supplier is given up"
                fail("late-call-left-open", wanted=wanted, saw=still_open(gate))
            return
    wanted = "four prices, and null for cobalt, which is late"
    fail("late-costs-all", wanted=wanted, saw=f"missing: {', '.join(missing) or 'none'}")


@needs("test_other_pages_are_served_meanwhile")
def test_a_failing_supplier_costs_a_null(desk: Server, gate: Gate) -> None:
    """A supplier that fails costs a null, not the page."""
    in_time = {name: price for name, price in PRICES.items() if name != "ember"}
    answer = one_in_trouble(desk, gate, "ember", None)
    wanted = "four prices, and null for ember, which answered 503"
    if (missing := dashboard(answer)["missing"]) != ["ember"]:
        fail("failure-costs-all", wanted=wanted, saw=f"missing: {', '.join(missing) or 'none'}")
    priced(answer, in_time, wanted)


@needs("test_other_pages_are_served_meanwhile")
def test_a_visitor_who_leaves_takes_the_calls_along(desk: Server, gate: Gate, history: History) -> None:
    """A visitor who leaves takes their five supplier calls along."""
    page = desk.send("/dash/", label="dashboard, left")
    five_asked(desk, gate, page)
    page.hang_up()
    wanted = "when the visitor has hung up, so have the five calls made for them"
    if not gate.wait_left(5, PROMPT_S):
        fail("calls-outlive-visitor", wanted=wanted, saw=still_open(gate))
    over = history.wait_for("app.left", lambda e: bool(e["request"] == page.id), deadline_s=PROMPT_S)
    if over is None or gate.held:
        saw = f"the five hung up, but the view went on; {still_open(gate)}"
        fail("calls-outlive-visitor", wanted=wanted, saw=saw)


@needs("test_the_desk_answers")
def test_an_invoice_under_way_stops_nobody(desk: Server, gate: Gate) -> None:
    """An invoice under way stops nobody."""
    since = History.now()
    page = desk.send("/invoice/7/", label="invoice 7")
    if not gate.wait_tag("invoice-7"):
        answered(desk, page, "/invoice/7/ asks the printer", 0.1)
    hello = desk.send("/hello/", label="hello")
    if hello.answer(PROMPT_S) is None:
        blocked(desk, since, "/hello/ is answered while the printer works on an invoice")
        desk.answer_of(hello)
    gate.release()
    wanted = "/invoice/7/ answers what the printer made"
    if "invoice-7" not in (text := answered(desk, page, wanted).text):
        fail("wrong-answer", wanted=wanted, saw=repr(text[:120]))


# --- under uvicorn: the events -------------------------------------------------------------------------


@needs("test_the_desk_answers")
def test_events_come_in_order_of_arrival(desk: Server, gate: Gate) -> None:
    """Events come in order of arrival, each before the next supplier has answered."""
    in_order_of_arrival(desk, gate)


@needs("test_events_come_in_order_of_arrival")
def test_a_listener_who_leaves_takes_the_calls_along(desk: Server, gate: Gate) -> None:
    """A listener who leaves takes the calls that are still open along."""
    with listening(desk, gate) as stream:
        release(gate, ["delta"])
        event_of(stream, "delta")
    if not gate.wait_left(4, PROMPT_S):
        wanted = "when the listener has hung up, so have the four calls that were still open"
        fail("calls-outlive-visitor", wanted=wanted, saw=still_open(gate))


@needs("test_events_come_in_order_of_arrival")
def test_a_stream_resumes(desk: Server, gate: Gate) -> None:
    """A stream that broke off goes on after the last event that was seen."""
    wanted, names, trouble = resumed(desk, desk, gate)
    if trouble:
        fail("resume-ignored" if set(names) == set(PRICES) else "resume-mixed-up", wanted=wanted, saw=trouble)


# --- the same code under gunicorn ------------------------------------------------------------------------


@needs("test_the_desk_answers")
def test_the_same_pages_answer_under_gunicorn(wsgi_desk: Server, gate: Gate) -> None:
    """The same pages answer under gunicorn."""
    gate.open()
    wsgi_desk.ready("/hello/")
    for path, part in (("/hello/", "hello"), ("/search/?q=zinc", "zinc dust"), ("/invoice/9/", "invoice-9")):
        answered_with(wsgi_desk, path, part)
    answered_with(wsgi_desk, "/dash/", "prices")


@needs("test_one_dashboard_asks_five_at_once", "test_the_same_pages_answer_under_gunicorn")
def test_one_dashboard_asks_five_at_once_there_too(wsgi_desk: Server, gate: Gate) -> None:
    """One dashboard asks its five suppliers at the same time there, too."""
    for label in ("first dashboard", "second dashboard"):
        page = wsgi_desk.send("/dash/", label=label)
        five_asked(wsgi_desk, gate, page)
        release(gate)
        wanted = f"the {label} of a gunicorn worker has the price of each supplier"
        priced(answered(wsgi_desk, page, wanted), PRICES, wanted)


@needs("test_events_come_in_order_of_arrival", "test_the_same_pages_answer_under_gunicorn")
def test_events_come_in_order_of_arrival_there_too(wsgi_desk: Server, gate: Gate) -> None:
    """Events come in order of arrival there, too."""
    in_order_of_arrival(wsgi_desk, gate)


@needs("test_a_stream_resumes", "test_events_come_in_order_of_arrival_there_too")
def test_a_stream_goes_on_in_another_process(desk: Server, wsgi_desk: Server, gate: Gate) -> None:
    """A stream begun under uvicorn goes on under gunicorn, which has never seen it."""
    wanted, _, trouble = resumed(desk, wsgi_desk, gate)
    if trouble:
        fail("resume-needs-memory", wanted=wanted, saw=trouble)
