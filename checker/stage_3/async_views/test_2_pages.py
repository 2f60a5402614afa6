"""Asynchronous Views, under uvicorn: what pages answer, also when a supplier is late or fails, or a visitor leaves."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.seed import Seed
from checker.harness.server import Server
from checker.harness.suite import needs
from checker.stage_3.async_views.drawings import draw_calls
from checker.stage_3.async_views.errors import expect_free_loop, line_of_call, line_of_tasks
from checker.stage_3.async_views.pages import (
    NUMBERS,
    expect_dashboard,
    expect_failure_costs_a_null,
    expect_five_asked,
    expect_one_in_trouble,
    expect_page,
    expect_prices,
)
from checker.stage_3.async_views.rest import expect_rest_options, expect_rest_page
from checker.stage_3.async_views.suppliers import PRICES, PROMPT_S, still_open


@needs("test_the_desk_answers")
def test_the_numbers_are_right(desk: Server, database: Path, gate: Gate) -> None:
    """The numbers from the database are right."""
    gate.open()
    query = "SELECT count(*), (SELECT count(*) FROM desk_customer), sum(amount) FROM desk_order"
    for label in ("first dashboard", "second dashboard"):
        truth = dict(zip(NUMBERS, *expect_rows(database, query), strict=True))
        body = expect_dashboard(expect_page(desk, desk.send("/dash/", label=label), "the dashboard"))
        if (seen := {key: body[key] for key in NUMBERS}) != truth:
            fail("wrong-answer", wanted=json.dumps(truth), saw=json.dumps(seen))
        expect_rows(database, "INSERT INTO desk_order (customer_id, item, amount) VALUES (1, 'steel wool', 7)")


@needs("test_the_desk_answers")
def test_the_search_finds(desk: Server, database: Path) -> None:
    """The search finds orders by a part of their item."""
    query = (
        "SELECT item, name FROM desk_order JOIN desk_customer ON desk_customer.id = customer_id"
        " WHERE item LIKE ? ORDER BY desk_order.id"
    )
    for text in ("steel", "copper", "no such thing"):
        found = [{"item": item, "customer": name} for item, name in expect_rows(database, query, f"%{text}%")]
        path = f"/search/?q={text.replace(' ', '+')}"
        answer = expect_page(desk, desk.send(path, label=path), "the search answers")
        if answer.json() != {"orders": found}:
            wanted = f"{path} answers {json.dumps({'orders': found})}"
            fail("wrong-answer", wanted=wanted[:300], saw=answer.text[:300])


@needs("test_other_pages_are_served_meanwhile")
def test_a_late_supplier_costs_a_null(desk: Server, gate: Gate) -> None:
    """A late supplier costs a null, not the page."""
    in_time = {name: price for name, price in PRICES.items() if name != "cobalt"}
    missing: list[str] = []
    # On a machine so slow that the four quick ones miss the first deadline, the second tells slow from wrong.
    for deadline_s in (0.3, 4):
        gate.reset()
        answer = expect_one_in_trouble(desk, gate, "cobalt", deadline_s)
        missing = expect_dashboard(answer)["missing"]
        if missing == ["cobalt"]:
            expect_prices(answer, in_time, "four prices, and null for cobalt")
            if not gate.wait_left(1, PROMPT_S):
                wanted = "once the page is answered, the call to the late supplier is given up"
                fail("late-call-left-open", wanted=wanted, saw=still_open(gate), where=line_of_tasks(desk, "dash"))
            return
    wanted = "four prices, and null for cobalt, which is late"
    where = line_of_call(desk, {"timeout", "wait_for"}, "dash")
    fail("late-costs-all", wanted=wanted, saw=f"missing: {', '.join(missing) or 'none'}", where=where)


@needs("test_other_pages_are_served_meanwhile")
def test_a_failing_supplier_costs_a_null(desk: Server, gate: Gate) -> None:
    """A supplier that fails costs a null, not the page."""
    for is_broken in (False, True):
        expect_failure_costs_a_null(desk, gate, "ember", is_broken=is_broken)


@needs("test_other_pages_are_served_meanwhile")
def test_a_visitor_who_leaves_takes_the_calls_along(desk: Server, gate: Gate, history: History) -> None:
    """A visitor who leaves takes their five supplier calls along."""
    page = desk.send("/dash/", label="dashboard")
    expect_five_asked(desk, gate, page)
    page.hang_up()
    wanted = "when the visitor has hung up, so have the five calls made for them"
    have_left = gate.wait_left(5, PROMPT_S)
    over = have_left and history.wait_for(
        EventKind.APP_LEFT, lambda e: bool(e["request"] == page.id), deadline_s=PROMPT_S
    )
    draw_calls(desk, "dashboard", page.id)
    if not have_left:
        fail("calls-outlive-visitor", wanted=wanted, saw=still_open(gate), where=line_of_tasks(desk, "dash"))
    if over is None or gate.held:
        saw = f"the five hung up, but the view went on; {still_open(gate)}"
        fail("calls-outlive-visitor", wanted=wanted, saw=saw)


@needs("test_the_desk_answers")
def test_an_invoice_under_way_stops_nobody(desk: Server, gate: Gate) -> None:
    """An invoice under way stops nobody."""
    since = History.now()
    page = desk.send("/invoice/7/", label="invoice 7")
    if not gate.wait_tag("invoice-7"):
        expect_page(desk, page, "/invoice/7/ asks the printer", 0.1)
    hello = desk.send("/hello/", label="hello")
    if hello.wait_answer(PROMPT_S) is None:
        expect_free_loop(desk, since, "/hello/ is answered while the printer works on an invoice")
        desk.expect_answer(hello)
    gate.release()
    wanted = "/invoice/7/ answers what the printer made"
    if "invoice-7" not in (text := expect_page(desk, page, wanted).text):
        fail("wrong-answer", wanted=wanted, saw=repr(text[:120]))


@needs("test_the_desk_answers")
def test_a_rest_page_answers(desk: Server, gate: Gate, seed: Seed) -> None:
    """A page of Django REST framework answers, and holds up nobody."""
    expect_rest_page(desk, gate, seed.random("price"), has_neighbours=True)
    expect_rest_options(desk)


def expect_rows(database: Path, query: str, *arguments: str) -> list[Any]:
    """What the database itself answers, past the learner's code."""
    try:
        with closing(sqlite3.connect(database, timeout=10)) as connection, connection:
            return connection.execute(query, arguments).fetchall()
    except sqlite3.Error as error:
        fail("migrate-failed", wanted="the tables that the given migrations make", saw=str(error))
