"""Asynchronous Views, under uvicorn: the five suppliers are waited for at once, and nobody waits for a waiting page.

"At the same time" is counted at the Gate.
"""

from __future__ import annotations

from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.server import Server
from checker.harness.suite import needs
from checker.stage_3.async_views.errors import expect_free_loop, line_of_call
from checker.stage_3.async_views.pages import (
    expect_five_asked,
    expect_keys,
    expect_page,
    expect_prices,
    expect_text,
    judge_waiting,
)
from checker.stage_3.async_views.patience import wait_rest
from checker.stage_3.async_views.stack import Booting
from checker.stage_3.async_views.suppliers import PRICES, PROMPT_S, release, wait_all_held

VISITORS = 40
# What lets only so many calls through: a thread for each, or a count of them.
THREADS = frozenset({"to_thread", "run_in_executor", "submit"})
LIMITS = frozenset({"Semaphore", "BoundedSemaphore"})


def test_the_desk_answers(booting: Booting) -> None:
    """The desk answers under uvicorn."""
    booting.uvicorn.expect_ready("/hello/")
    expect_text(booting.uvicorn, "/hello/", "hello")


@needs("test_the_desk_answers")
def test_one_dashboard_asks_five_at_once(desk: Server, gate: Gate) -> None:
    """One dashboard asks its five suppliers at the same time."""
    page = desk.send("/dash/", label="dashboard")
    expect_five_asked(desk, gate, page)
    wanted = "the dashboard with the price of each supplier"
    wait_rest(desk, page)
    if page.is_done:  # before any supplier has answered
        expect_page(desk, page, wanted)
        judge_waiting(desk, gate)
    release(gate)
    answer = expect_page(desk, page, wanted)
    if not any(expect_keys(answer)["prices"].values()):  # made before they answered, which a busy machine told late
        judge_waiting(desk, gate)
    expect_prices(answer, PRICES, wanted)


@needs("test_one_dashboard_asks_five_at_once")
def test_other_pages_are_served_meanwhile(desk: Server, gate: Gate) -> None:
    """Other pages are served while a dashboard waits."""
    since = History.now()
    page = desk.send("/dash/", label="dashboard")
    if not gate.wait_held(1):
        expect_page(desk, page, "the dashboard asks its suppliers", 0.1)
    for path in ("/hello/", "/search/?q=steel"):
        other = desk.send(path, label=path)
        if other.wait_answer(PROMPT_S) is None:
            expect_free_loop(desk, since, f"{path} is answered while a dashboard waits for its suppliers")
            desk.expect_answer(other)
    gate.open()
    page.wait_answer(PROMPT_S)  # over, so that the next check's picture is of its own pages


@needs("test_other_pages_are_served_meanwhile")
def test_the_loop_never_stalls(desk: Server, gate: Gate, history: History) -> None:
    """The event loop never stands still while pages are served."""
    gate.open()
    since = History.now()
    for path in ("/dash/", "/search/?q=steel", "/events/", "/hello/"):
        last = desk.send(path, label=path)
        last.wait_answer()
    # The probe tells of a stall before the loop moves on: when the last request has left, all was told.
    history.wait_for(EventKind.APP_LEFT, lambda e: bool(e["request"] == last.id), since=since, deadline_s=2)
    expect_free_loop(desk, since, "nothing blocks the event loop's own thread", deadline_s=0)


@needs("test_the_loop_never_stalls")
def test_forty_dashboards_wait_together(desk: Server, gate: Gate) -> None:
    """Forty dashboards wait together in one process."""
    since = History.now()
    pages = [desk.send("/dash/", label=f"dashboard {n}") for n in range(1, VISITORS + 1)]
    wanted = f"{VISITORS} dashboards hold {5 * VISITORS} calls open at the same time"
    if not wait_all_held(gate, 5 * VISITORS, lambda: all(page.is_done for page in pages)):
        expect_free_loop(desk, since, wanted)
        where = line_of_call(desk, THREADS, "dash") or line_of_call(desk, LIMITS)
        fail(
            "few-at-once",
            wanted=wanted,
            saw=f"{gate.peak} were open; no more came until one of them ended",
            where=where,
        )
    release(gate)
    for page in pages:
        expect_prices(expect_page(desk, page, wanted, 20), PRICES, f"{page.label} with the price of each supplier")
