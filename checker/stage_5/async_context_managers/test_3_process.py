"""Checks of Context Managers: what belongs to the process, from its first visitor to its last."""

from __future__ import annotations

import signal

from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.gunicorn.master import send
from checker.harness.picture import Picture
from checker.harness.seed import Seed
from checker.harness.suite import needs
from checker.stage_5.async_context_managers import places
from checker.stage_5.async_context_managers.drawing import draw_pages
from checker.stage_5.async_context_managers.judging import expect_given_back, expect_readings
from checker.stage_5.async_context_managers.line import (
    calls_of_process,
    expect_failure_told,
    expect_open_before_visitors,
    expect_opened_once,
    expect_served,
    expect_told,
)
from checker.stage_5.async_context_managers.page import Page
from checker.stage_5.async_context_managers.plant import PROMPT_S, Plant

VISITORS = 4
MOODS = ["calm", "humming", "warm", "busy", "sleepy", "steady", "loud"]
# What uvicorn prints.
NOTES_TERM = "Waiting for connections to close"
SHUTS_DOWN = "Waiting for application shutdown"


@needs("test_a_page_leases_reads_and_releases")
def test_the_line_is_open_before_the_first_visitor(with_lifespan: Plant, seed: Seed, picture: Picture) -> None:
    """Under uvicorn the process's line is opened at the startup, once, and all visitors share it."""
    expect_open_before_visitors(with_lifespan)
    for mood in seed.random("moods").sample(MOODS, 2):
        expect_told(with_lifespan, with_lifespan.server.send("/status/", label="status"), mood)
    for is_reset in (False, True):
        expect_failure_told(with_lifespan, "status", is_reset=is_reset)
    expect_opened_once(with_lifespan, 1, "at its startup")
    picture.nothing()


@needs("test_a_page_leases_reads_and_releases")
def test_without_lifespan_the_first_visitors_open_it(without_lifespan: Plant, seed: Seed, picture: Picture) -> None:
    """Under daphne its first visitors open it: once for all, and again after a failure."""
    plant, moods = without_lifespan, seed.random("moods there").sample(MOODS, 2)
    for is_reset in (False, True):
        expect_failure_told(plant, "open", is_reset=is_reset)
    leaver = plant.server.send("/status/", label="status, leaves")
    plant.settle(leaver)
    others = [plant.server.send("/status/", label="status") for _ in range(VISITORS - 1)]
    plant.settle(*others)
    expect_opened_once(plant, 3, f"for {VISITORS} visitors who come at once")
    leaver.hang_up()
    plant.settle()
    # Whoever opens it in the place of one who left begins anew.
    with plant.flowing():
        plant.wait(lambda: all(visitor.is_done for visitor in others))
    expect_served(plant, others)
    opened = len(calls_of_process(plant, "open"))
    expect_opened_once(plant, min(opened, 4), "and by one of those who wait when its first visitor has left")
    for mood in moods:
        expect_told(plant, plant.server.send("/status/", label="status"), mood)
    expect_opened_once(plant, opened, "for all its visitors")
    picture.nothing()


@needs("test_a_release_is_finished", "test_the_line_is_open_before_the_first_visitor")
def test_the_process_ends_when_all_is_given_back(with_lifespan: Plant) -> None:
    """On TERM uvicorn's last page is answered, all is given back, then the line is closed."""
    plant, process = with_lifespan, with_lifespan.server.process
    leaver = Page(plant, 1, label="leaves before TERM")
    leaver.let_read()
    leaver.leave()
    page = Page(plant, 3, label="reads at TERM")
    page.let_lease(3)
    send(plant.server, signal.SIGTERM)
    process.log.wait_for(NOTES_TERM, PROMPT_S)
    page.let_go(("read", "release"))
    expect_given_back(page, "when TERM comes while a page reads")
    expect_readings(page)
    if leaver.has_left_app:  # else uvicorn waits for it; now it is told of the shutdown although a release is under way
        plant.wait(lambda: SHUTS_DOWN in process.log.text)
        plant.settle()
    early = calls_of_process(plant, "close")
    plant.let_go(("release", "close"), [*leaver.names, *plant.pids], lambda: process.returncode is not None)
    draw_pages([leaver, page], "a process's last pages, and their sensors")
    if early:
        wanted = "under uvicorn the line is closed when all sensors have been given back"
        saw = f"it was closed while {leaver.names[0]} was being released; its visitor had left"
        fail("closed-early", wanted=wanted, saw=saw, where=places.releases(plant.server.run))
    expect_given_back(leaver, "when TERM comes while a sensor is being released")
    if not calls_of_process(plant, "close", EventKind.GATE_RELEASED):
        wanted = "under uvicorn the process's line is closed at the shutdown, and the process ends after that"
        saw = "line.close() was begun, and broken off" if calls_of_process(plant, "close") else "nobody closed it"
        fail("line-not-closed", wanted=wanted, saw=saw, where=places.closes(plant.server.run))
