"""Start with Gunicorn/WSGI, the configuration: where it answers, for how many, and when it must not start."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.harness import starters
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.gunicorn.workers import expect_one_queue
from checker.harness.picture import Picture
from checker.harness.run import Run
from checker.harness.stack import Stack
from checker.harness.suite import needs
from checker.milestones.gunicorn_first import broken_starts
from checker.milestones.gunicorn_first.configuration import (
    CONF,
    DEFAULT_BINDS,
    GENEROUS_S,
    MOST_CALLS,
    MOST_WORKERS,
    PRINTED_BIND,
    SURE_S,
    Printed,
    setting_line,
)
from checker.milestones.gunicorn_first.office import Office
from checker.milestones.gunicorn_first.refusals import (
    expect_boot_on_defaults,
    expect_boot_with_a_fraction,
    judge_refusal,
)
from checker.milestones.gunicorn_first.verdicts import SLOW, judge_waiting


def test_the_office_answers(printed: Printed, project: Path, request: pytest.FixtureRequest, stack: Stack) -> None:
    """The office answers where it is told to, with at most three workers and 24 places."""
    bind = printed.settings["bind"]
    if PRINTED_BIND not in bind:
        wanted = "gunicorn binds to the address that BIND names"
        saw = f"with BIND={PRINTED_BIND} it binds to {bind}"
        fail("bound-elsewhere", wanted=wanted, saw=saw, where=setting_line(project, "bind"))
    if printed.refusal:
        judge_refusal(printed)
    at_home = printed.elsewhere.get("bind")
    if at_home is not None and not any(address in at_home for address in DEFAULT_BINDS):
        wanted = f"without BIND, gunicorn binds to {DEFAULT_BINDS[0]}: your own machine's visitors only"
        fail("bound-elsewhere", wanted=wanted, saw=f"it binds to {at_home}", where=setting_line(project, "bind"))
    if printed.settings["daemon"] == "True":
        wanted = "the gunicorn that the platform starts is the one that serves: it stays in the foreground"
        saw = "daemon = True: gunicorn goes into the background, and who has started it takes it for ended"
        fail("runs-in-background", wanted=wanted, saw=saw, where=setting_line(project, "daemon"))
    expect_one_queue(printed.workers, setting_line(project, "reuse_port"))
    log = printed.settings["errorlog"]
    if log not in ("-", "/dev/stderr", "/dev/stdout"):
        wanted = "gunicorn's log goes to the terminal, where the platform collects it"
        fail("log-in-a-file", wanted=wanted, saw=f"errorlog = {log}", where=setting_line(project, "errorlog"))
    workers = printed.workers.workers
    if workers > MOST_WORKERS:
        wanted = f"at most {MOST_WORKERS} worker processes"
        where = setting_line(project, "workers")
        fail(
            "too-many-workers",
            wanted=wanted,
            saw=f"{CONF} asks for {workers}",
            where=where,
            facts={"workers": workers},
        )
    if printed.places is not None and printed.places > MOST_CALLS:
        wanted = f"at most {MOST_CALLS} requests in hand at once, so that the theatre never gets more calls"
        saw = f"{workers} workers of {printed.workers.slots_each} threads are {printed.places} places"
        where, facts = setting_line(project, "threads"), {"places": printed.places}
        fail("too-many-calls", wanted=wanted, saw=saw, where=where, facts=facts)
    # Three at once: they boot side by side.
    names = ("office", "impatient", "on_defaults")
    office, impatient, on_defaults = (request.getfixturevalue(name) for name in names)
    office.expect_boot()
    expect_boot_with_a_fraction(impatient)
    expect_boot_on_defaults(on_defaults)
    stack.retire(on_defaults.site)


@needs("test_the_office_answers")
def test_eight_slow_pages_and_a_fast_one(office: Office) -> None:
    """A fast page is served beside eight slow ones, whichever worker they meet."""
    wanted = "/hello/ is answered while eight visitors wait for the theatre"
    with office.workers.crowded():
        seats = office.ask_for_seats([str(number) for number in range(1, SLOW + 1)])
        patience_s = SURE_S if office.workers.cannot_run(SLOW) else GENEROUS_S
        if not office.gate.wait_held(SLOW, patience_s):
            waiting = SLOW - len(office.gate.held)
            judge_waiting(office, f"{waiting} of the eight", list(seats.values()), wanted)
        hello = office.ask("/hello/", "hello")
        patience_s = SURE_S if office.workers.cannot_run(SLOW + 1) else GENEROUS_S
        if hello.wait_answer(patience_s) is None and not hello.is_done:
            judge_waiting(office, "/hello/", list(seats.values()), wanted)
        office.site.expect_answer(hello, 0.0 if hello.is_done else patience_s)
    office.gate.open()
    for show, request in seats.items():
        office.expect_page(request, 200, {"seats": show})
    office.expect_page(hello, 200, {"hello": "box office", "release": "1"})


@needs("test_the_office_answers")
def test_a_broken_configuration_stops_the_start(
    run: Run, gate: Gate, self_bound: starters.SelfBound, picture: Picture
) -> None:
    """Started on a broken configuration, it says which variable and ends."""
    picture.nothing()  # a server that ends is what is wanted here, and would be drawn as a fault
    starts = broken_starts.start_broken(self_bound, run, gate)
    try:
        for broken in starts:
            broken.expect_failed()
    finally:
        for broken in starts:
            broken.site.stop()  # here: in the picture of another check their exit codes would look like its fault
