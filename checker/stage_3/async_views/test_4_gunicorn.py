"""Asynchronous Views: the same code under gunicorn, one page at a time, and the same stream."""

from __future__ import annotations

from checker.harness.gate import Gate
from checker.harness.seed import Seed
from checker.harness.server import Server
from checker.harness.suite import needs
from checker.stage_3.async_views.events import expect_order_of_arrival
from checker.stage_3.async_views.pages import (
    expect_failure_costs_a_null,
    expect_five_asked,
    expect_page,
    expect_prices,
    expect_text,
)
from checker.stage_3.async_views.rest import expect_rest_page
from checker.stage_3.async_views.resuming import expect_resumed
from checker.stage_3.async_views.suppliers import PRICES, release


@needs("test_the_desk_answers")
def test_the_same_pages_answer_under_gunicorn(wsgi_desk: Server, gate: Gate) -> None:
    """The same pages answer under gunicorn."""
    gate.open()
    wsgi_desk.expect_ready("/hello/")
    for path, part in (("/hello/", "hello"), ("/search/?q=zinc", "zinc dust"), ("/invoice/9/", "invoice-9")):
        expect_text(wsgi_desk, path, part)
    expect_text(wsgi_desk, "/dash/", "prices")


@needs("test_one_dashboard_asks_five_at_once", "test_the_same_pages_answer_under_gunicorn")
def test_one_dashboard_asks_five_at_once_there_too(wsgi_desk: Server, gate: Gate) -> None:
    """One dashboard asks its five suppliers at the same time there, too."""
    for label in ("first dashboard", "second dashboard"):
        page = wsgi_desk.send("/dash/", label=label)
        expect_five_asked(wsgi_desk, gate, page)
        release(gate)
        wanted = f"the {label} of a gunicorn worker has the price of each supplier"
        expect_prices(expect_page(wsgi_desk, page, wanted), PRICES, wanted)


@needs("test_a_failing_supplier_costs_a_null", "test_one_dashboard_asks_five_at_once_there_too")
def test_a_failing_supplier_costs_a_null_there_too(wsgi_desk: Server, gate: Gate) -> None:
    """A supplier that fails costs a null there, too."""
    for is_broken in (False, True):
        expect_failure_costs_a_null(wsgi_desk, gate, "ember", is_broken=is_broken)


@needs("test_a_rest_page_answers", "test_the_same_pages_answer_under_gunicorn")
def test_a_rest_page_answers_there_too(wsgi_desk: Server, gate: Gate, seed: Seed) -> None:
    """A page of Django REST framework answers there, too."""
    expect_rest_page(wsgi_desk, gate, seed.random("price there"), has_neighbours=False)


@needs("test_events_come_in_order_of_arrival", "test_the_same_pages_answer_under_gunicorn")
def test_events_come_in_order_of_arrival_there_too(wsgi_desk: Server, gate: Gate) -> None:
    """Events come in order of arrival there, too."""
    expect_order_of_arrival(wsgi_desk, gate)


@needs("test_a_stream_resumes", "test_events_come_in_order_of_arrival_there_too")
def test_a_stream_goes_on_in_another_process(desk: Server, wsgi_desk: Server, gate: Gate) -> None:
    """A stream begun under uvicorn goes on under gunicorn, which has never seen it."""
    expect_resumed(desk, wsgi_desk, gate)
