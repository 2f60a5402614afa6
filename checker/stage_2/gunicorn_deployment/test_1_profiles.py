"""Deployment with Gunicorn, the profiles: three services that keep what they promise.

"At the same time" is counted at the Gate, for which the depot's supplier and its database wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from checker.harness import starters
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.gunicorn import master
from checker.harness.gunicorn.workers import expect_one_queue
from checker.harness.stack import Stack
from checker.harness.suite import needs
from checker.stage_2.gunicorn_deployment.profiles import (
    GENEROUS_S,
    LONGEST_EXPORT_S,
    Profile,
    expect_no_reloader,
)
from checker.stage_2.gunicorn_deployment.settings import is_sync
from checker.stage_2.gunicorn_deployment.signals import (
    expect_abort_tells_where,
    expect_crash_takes_one,
    expect_reload_serves_the_new,
)

EXPORTS = ("1", "2", "3")
WAITING_EXPORTS = ("4", "5", "6")
SEVEN_REPORTS = tuple("1234567")
EIGHT_REPORTS = tuple("12345678")
STUCK_EXPORT_S = 600


def test_the_depot_answers_under_each_profile(profiles: Mapping[str, Profile], ahead: starters.Ahead) -> None:
    """The depot answers under each of the three profiles."""
    # It waits for a second before it starts anything, and for another before it says RUNNING. Not where the exports
    # are bound to fail: it would be started in vain.
    if profiles["exports"].slots == len(EXPORTS):
        ahead("supervisor", "test_supervisor_owns_gunicorn")
    for profile in profiles.values():
        profile.server.expect_ready("/hello/")
        profile.server.expect_get("/hello/")
        expect_no_reloader(profile)
        expect_one_queue(profile.settings.slots, profile.line("reuse_port"))


@needs("test_the_depot_answers_under_each_profile")
def test_three_exports_run_and_a_fourth_waits(profiles: Mapping[str, Profile], gate: Gate) -> None:
    """Three exports run at once, and a fourth waits its turn."""
    exports = profiles["exports"]
    wanted = "three exports in the database at once, and no more"
    with exports.workers.crowded():
        running = exports.send("export", EXPORTS)
        exports.expect_all_run(running, len(EXPORTS), wanted)
    waiting = exports.send("export", WAITING_EXPORTS)
    # Only a profile that has room for a fourth is given the time to show it.
    if exports.slots is not None and exports.slots > len(EXPORTS):
        gate.wait_held(len(EXPORTS) + 1, GENEROUS_S)
    for arrivals in range(len(EXPORTS) + 1, len(EXPORTS) + len(WAITING_EXPORTS) + 1):
        gate.release(gate.held[0])
        gate.wait_until(partial(has_arrived, gate, arrivals))
    if gate.peak > len(EXPORTS):
        saw = f"{gate.peak} exports were in the database at once"
        fail("too-many-slots", wanted=wanted, saw=saw, where=exports.line("threads", "workers"))
    exports.expect_answered({**running, **waiting}, "export")


@needs("test_three_exports_run_and_a_fourth_waits")
def test_a_crash_takes_one_export(profiles: Mapping[str, Profile], ahead: starters.Ahead, stack: Stack) -> None:
    """A worker that is killed takes one export with it, and another takes its place."""
    ahead("supervisor", "test_supervisor_owns_gunicorn")  # where it was not started at once
    expect_crash_takes_one(profiles["exports"], EXPORTS)
    stack.retire(profiles["exports"].server)


@needs("test_the_depot_answers_under_each_profile")
def test_a_long_export_is_not_taken_for_a_stuck_one(profiles: Mapping[str, Profile]) -> None:
    """An export may take two minutes, and one that takes ten is found stuck."""
    exports = profiles["exports"]
    settings, line = exports.settings, exports.line("timeout", "worker_class")
    if settings.beats_while_busy:
        fail(
            "stuck-never-found",
            wanted="a worker that is stuck in an export for ten minutes is replaced",
            saw="a threaded worker tells gunicorn that it is well as long as its main thread runs, stuck or not",
            where=exports.line(*(("threads",) if is_sync(settings.printed) else ("worker_class", "threads"))),
        )
    if 0 < settings.timeout_s <= LONGEST_EXPORT_S:
        saw = f"gunicorn kills the worker after {settings.timeout_s} s (`timeout`), and its visitor gets an error"
        fail("export-cut-short", wanted="an export of two minutes is finished", saw=saw, where=line)
    if settings.timeout_s == 0 or settings.timeout_s > STUCK_EXPORT_S:
        fail(
            "stuck-never-found",
            wanted="a worker that is stuck in an export for ten minutes is replaced",
            saw=f"gunicorn waits {settings.timeout_s} s for it" if settings.timeout_s else "timeout = 0: for ever",
            where=line,
        )


@needs("test_the_depot_answers_under_each_profile")
def test_one_process_answers_pages_while_reports_run(profiles: Mapping[str, Profile]) -> None:
    """The pages' one process answers /hello/ while seven reports are running."""
    pages = profiles["pages"]
    count = pages.settings.slots.workers
    if count != 1:
        line = pages.line("workers")
        fail("wrong-number-of-processes", wanted="one worker process", saw=f"the profile asks for {count}", where=line)
    reports = pages.send("report", SEVEN_REPORTS)
    wanted = "seven reports wait for the supplier, and /hello/ is answered meanwhile"
    pages.expect_all_run(reports, len(SEVEN_REPORTS), wanted)
    hello = pages.server.send("/hello/", label="hello")
    if pages.workers.cannot_run(len(SEVEN_REPORTS) + 1) and hello.wait_answer(1.0) is None:
        saw = f"/hello/ waited for a report: all {pages.slots} slots were taken"
        fail("too-few-slots", wanted=wanted, saw=saw, where=pages.line("threads", "workers"))
    pages.server.expect_answer(hello, GENEROUS_S)
    pages.expect_answered(reports, "report")


@needs("test_one_process_answers_pages_while_reports_run")
def test_a_connection_serves_a_second_page(profiles: Mapping[str, Profile], stack: Stack) -> None:
    """A browser's second request comes on the connection of its first."""
    pages = profiles["pages"]
    if not pages.keeps_the_connection("/hello/"):
        why, line = pages.closes_the_connection()
        saw = f"the connection was closed after the first answer: {why}"
        fail("connection-closed", wanted="two requests are answered on one connection", saw=saw, where=line)
    stack.retire(pages.server)


@needs("test_the_depot_answers_under_each_profile")
def test_eight_reports_run_whichever_worker_they_meet(profiles: Mapping[str, Profile]) -> None:
    """Two processes run eight reports at once, whichever worker they land on."""
    reports = profiles["reports"]
    count = reports.settings.slots.workers
    if count != 2:
        line = reports.line("workers")
        fail(
            "wrong-number-of-processes", wanted="two worker processes", saw=f"the profile asks for {count}", where=line
        )
    master.wait_for_workers(reports.server, count)
    with reports.workers.crowded():
        running = reports.send("report", EIGHT_REPORTS)
        reports.expect_all_run(running, len(EIGHT_REPORTS), "eight reports wait for the supplier at once")
    reports.expect_answered(running, "report")


@needs("test_the_depot_answers_under_each_profile")
def test_an_aborted_worker_tells_where_it_was(profiles: Mapping[str, Profile], gate: Gate) -> None:
    """The log tells where the threads of an aborted worker were."""
    expect_abort_tells_where(profiles["reports"], gate)


@needs("test_the_depot_answers_under_each_profile")
def test_a_reload_serves_the_new_release(
    profiles: Mapping[str, Profile], gate: Gate, release_file: Path, stack: Stack
) -> None:
    """A reload serves the new release, and no request is lost."""
    expect_reload_serves_the_new(profiles["reports"], gate, release_file)
    stack.retire(profiles["reports"].server)


def has_arrived(gate: Gate, count: int) -> bool:
    """Whether so many calls have come to the Gate since this check began."""
    return gate.arrived >= count
