"""Checks of Start with Gunicorn/WSGI: a finished application goes into production, and stays there whatever hangs.

What is held, and for how long, is the Gate's: it plays the theatre that the box office asks.
"""

from __future__ import annotations

import signal
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.gunicorn import master
from checker.harness.picture import Lane, Picture
from checker.harness.run import Run
from checker.harness.site import SelfBound
from checker.harness.suite import needs
from checker.milestones.gunicorn_first import heartbeat, trials
from checker.milestones.gunicorn_first.office import (
    CONF,
    DEFAULT_BINDS,
    DEFAULT_WORKER_TIMEOUT_S,
    GENEROUS_S,
    OTHER_THEATRE_TIMEOUT_S,
    PRINTED_BIND,
    SURE_S,
    THEATRE_TIMEOUT_S,
    WORKER_TIMEOUT_S,
    Answered,
    Office,
    Printed,
    copy_of,
    journal_lines,
    print_configuration,
    setting_line,
    start_gunicorn,
    variables,
)
from checker.milestones.gunicorn_first.verdicts import (
    SHORT_S,
    SLOW,
    is_given_up,
    judge_journal,
    judge_silence,
    judge_waiting,
    was_asked_once,
    what_holds_others,
    what_the_master_keeps,
)
from course.model import Place

MOST_WORKERS = 3
MOST_CALLS = 24
OF_YOUR_OWN = {
    "calls_at_most": "calls_at_most as your own workers and threads make it, without a reload",
    "calls_while_a_worker_is_stuck": "calls_while_a_worker_is_stuck: places of the workers that are not stuck",
}


@pytest.fixture(scope="session")
def printed(run: Run, gate: Gate, self_bound: Callable[..., SelfBound]) -> Printed:
    """What the learner's configuration comes to."""
    printed = print_configuration(run, gate)
    if printed is None:
        site = start_gunicorn(self_bound, run, "gunicorn", variables(gate), folder=run.project)
        site.ready("/hello/")  # ends with the server's own words on what it cannot read
        raise LookupError("gunicorn serves with a configuration that it did not print")
    return printed


@pytest.fixture(scope="session")
def start(run: Run, gate: Gate, printed: Printed, self_bound: Callable[..., SelfBound]) -> Callable[..., Office]:
    """Starts a box office under the learner's configuration, in a copy of its own."""

    def start(name: str, **changed: str) -> Office:
        folder = copy_of(run, name)
        site = start_gunicorn(self_bound, run, name, variables(gate, **changed), folder=folder)
        return Office(run, gate, printed, site, folder)

    return start


@pytest.fixture(scope="session")
def office(start: Callable[..., Office]) -> Office:
    """The box office. Its output is buffered, as Python does it by itself."""
    return start("office", PYTHONUNBUFFERED="")


@pytest.fixture(scope="session")
def impatient(start: Callable[..., Office]) -> Office:
    """A second one, which gives the theatre two seconds."""
    return start("impatient", THEATRE_TIMEOUT_S=str(SHORT_S))


def test_the_office_answers(printed: Printed, project: Path, request: pytest.FixtureRequest) -> None:
    """The office answers where it is told to, with at most three workers and 24 places."""
    bind = printed.settings["bind"]
    if PRINTED_BIND not in bind:
        wanted = "gunicorn binds to the address that BIND names"
        saw = f"with BIND={PRINTED_BIND} it binds to {bind}"
        fail("bound-elsewhere", wanted=wanted, saw=saw, where=setting_line(project, "bind"))
    if printed.refusal:
        wanted = (
            f"gunicorn starts without BIND and WORKER_TIMEOUT_S, and with THEATRE_TIMEOUT_S={OTHER_THEATRE_TIMEOUT_S}"
        )
        fail("defaults-missing", wanted=wanted, saw=f"it ended:\n{printed.refusal}")
    at_home = printed.elsewhere.get("bind")
    if at_home is not None and not any(address in at_home for address in DEFAULT_BINDS):
        wanted = f"without BIND, gunicorn binds to {DEFAULT_BINDS[0]}: your own machine's visitors only"
        fail("bound-elsewhere", wanted=wanted, saw=f"it binds to {at_home}", where=setting_line(project, "bind"))
    log = printed.settings["errorlog"]
    if log not in ("-", "/dev/stderr", "/dev/stdout"):
        wanted = "gunicorn's log goes to the terminal, where the platform collects it"
        fail("log-in-a-file", wanted=wanted, saw=f"errorlog = {log}", where=setting_line(project, "errorlog"))
    workers = printed.workers.workers
    if workers > MOST_WORKERS:
        wanted = f"at most {MOST_WORKERS} worker processes"
        where = setting_line(project, "workers")
        fail("too-many-workers", wanted=wanted, saw=f"{CONF} asks for {workers}", where=where)
    if printed.places is not None and printed.places > MOST_CALLS:
        wanted = f"at most {MOST_CALLS} requests in hand at once, so that the theatre never gets more calls"
        saw = f"{workers} workers of {printed.workers.slots_each} threads are {printed.places} places"
        fail("too-many-calls", wanted=wanted, saw=saw, where=setting_line(project, "threads"))
    # Two at once: they boot side by side.
    offices: list[Office] = [request.getfixturevalue("office"), request.getfixturevalue("impatient")]
    for office in offices:
        office.boot()


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
        if hello.answer(patience_s) is None and not hello.is_done:
            judge_waiting(office, "/hello/", list(seats.values()), wanted)
        office.site.answer_of(hello, 0.0)
    office.gate.open()
    for request in (*seats.values(), hello):
        office.answer_to(request)


@needs("test_the_office_answers")
def test_a_broken_configuration_stops_the_start(run: Run, gate: Gate, self_bound: Callable[..., SelfBound]) -> None:
    """Started on a broken configuration, it says which variable and ends."""
    starts = trials.start_broken(self_bound, run, gate)
    try:
        for broken in starts:
            broken.must_have_failed()
    finally:
        trials.stop([broken.site for broken in starts])


@needs("test_eight_slow_pages_and_a_fast_one")
def test_a_page_is_served_beside_a_list(office: Office) -> None:
    """Each row of a list leaves at once, and another page is served beside it."""
    with office.workers.crowded(), office.guest_list("lulu") as stream:
        office.begin_list(stream, "lulu")
        hello = office.ask("/hello/", "hello beside a list")
        if hello.answer(GENEROUS_S) is None and not hello.is_done:
            wanted = "/hello/ is answered while a guest list of the same worker waits for its next row"
            saw = "it was not answered as long as the theatre looked for that row"
            fail("list-holds-others", wanted=wanted, saw=saw, where=what_holds_others(office))
        office.answer_to(hello)
        office.list_is_whole(stream, "lulu", "another page was served")


@needs("test_a_page_is_served_beside_a_list")
def test_the_journal_keeps_its_duties(office: Office) -> None:
    """The journal has one true line for each request, also for a list whose reader leaves."""
    with office.workers.crowded(), office.guest_list("ring") as stream:
        office.begin_list(stream, "ring")
        office.answer_to(office.ask("/hello/", "hello beside"))
        order = office.order("ring")
        office.gate.wait_tag("order-ring", GENEROUS_S)
        office.gate.release("order-ring")
        office.answer_to(order)
        office.answer_to(office.ask("/nowhere/", "nowhere"))
        office.list_is_whole(stream, "ring", "another page was served")
    office.was_closed("ring", "it has been read to its end")
    if not journal_lines(office.site.process.log.text) and not office.wait_for_journal("hello beside", SURE_S):
        judge_silence(office, "hello beside")
    # Among them those who all waited at once while a fast page was served.
    for request in (*office.answered, Answered("guests ring", "/guests/ring/", 200, len(stream.body))):
        judge_journal(office, request)

    with office.guest_list("carmen") as leaving:
        office.begin_list(leaving, "carmen")
    office.was_closed("carmen", "its reader has left")
    line = office.wait_for_journal("guests carmen")
    if len(line) != 1 or line[0].get("status") != 200:
        wanted = "a list whose reader left is one line of the journal, like any other"
        saw = f"{len(line)} lines for it{': ' + str(line) if line else ''}"
        fail("line-lost", wanted=wanted, saw=saw, where=office.place("office/journal.py", "write_line"))


@needs("test_a_page_is_served_beside_a_list")
def test_a_hung_call_is_given_up(impatient: Office) -> None:
    """A call that hangs is given up after THEATRE_TIMEOUT_S, and nobody else notices."""
    office, since = impatient, impatient.run.history.now()
    with office.workers.crowded(), office.guest_list("aida") as stream:
        office.begin_list(stream, "aida")
        hung = {"/seats/": office.ask("/seats/faust/", "seats faust"), "/orders/": office.order("faust")}
        for page, request in hung.items():
            is_given_up(office, page, request, since)
        if not office.gate.wait_left(len(hung), GENEROUS_S):
            wanted = "a call that is given up is over: its connection is closed"
            saw = "the visitor was told, and the call to the theatre goes on"
            fail(
                "call-left-behind", wanted=wanted, saw=saw, where=office.place("office/views.py", "theatre.free_seats")
            )
        office.list_is_whole(stream, "aida", "two calls beside it were given up")
    for page in hung:
        was_asked_once(office, page, since)


@needs("test_a_page_is_served_beside_a_list")
def test_a_stuck_worker_is_replaced(impatient: Office) -> None:
    """A worker that is stuck as a whole is ended and replaced, and the others serve on."""
    office, printed = impatient, impatient.printed
    seconds, count = printed.seconds("timeout"), printed.workers.workers
    if seconds != WORKER_TIMEOUT_S:
        wanted = f"with WORKER_TIMEOUT_S={WORKER_TIMEOUT_S} a worker that is silent for so long is ended"
        saw = f"gunicorn's timeout is {seconds:g}{': it waits for ever' if not seconds else ''}"
        fail("worker-timeout", wanted=wanted, saw=saw, where=setting_line(office.folder, "timeout"))
    elsewhere = printed.seconds_elsewhere("timeout")
    if elsewhere not in (None, DEFAULT_WORKER_TIMEOUT_S):
        wanted = f"without WORKER_TIMEOUT_S gunicorn's timeout is {DEFAULT_WORKER_TIMEOUT_S}"
        where = setting_line(office.folder, "timeout")
        fail("worker-timeout", wanted=wanted, saw=f"it is {elsewhere:g}", where=where)
    if count == 1:
        wanted = "somebody serves while a worker is stuck"
        where = setting_line(office.folder, "workers")
        fail("only-one-worker", wanted=wanted, saw="there is one worker: nobody does", where=where)
    office.boot()
    with office.guest_list("norma") as lost:
        office.begin_list(lost, "norma")
        stuck = office.worker_of(lost.id)
        try:
            master.send(office.site, signal.SIGSTOP, stuck)
            # Only now does the second list reach a worker: one of the others.
            with office.guest_list("tosca") as kept:
                office.begin_list(kept, "tosca")
                office.site.answer_of(office.ask("/hello/", "hello"), GENEROUS_S)
                heartbeat.set_back(stuck)
                if not master.wait_gone(office.site, frozenset({stuck}), WORKER_TIMEOUT_S + GENEROUS_S):
                    wanted = f"a worker that is silent for {seconds:g} s is ended"
                    fail(
                        "worker-timeout",
                        wanted=wanted,
                        saw="it was still there",
                        where=setting_line(office.folder, "timeout"),
                    )
                office.list_is_whole(kept, "tosca", "a worker was ended")
        finally:
            master.send(office.site, signal.SIGCONT, stuck)
    office.boot()


@needs("test_a_page_is_served_beside_a_list")
def test_a_reload_loses_nobody(office: Office) -> None:
    """A reload serves the new release, and nobody in hand is lost."""
    settings = office.printed.settings
    if settings["reload"] == "True":
        wanted = "a file that is written reaches the visitors when a reload is asked for, and not before"
        saw = "with `reload`, gunicorn ends a worker and what it has in hand as soon as one of its files has changed"
        fail("reloader-on", wanted=wanted, saw=saw, where=setting_line(office.folder, "reload"))
    graces = {
        THEATRE_TIMEOUT_S: office.printed.seconds("graceful_timeout"),
        OTHER_THEATRE_TIMEOUT_S: office.printed.seconds_elsewhere("graceful_timeout"),
    }
    for allowed_s, grace_s in graces.items():
        if grace_s is None or grace_s >= allowed_s:
            continue
        wanted = f"with THEATRE_TIMEOUT_S={allowed_s} a reload waits {allowed_s} s or more for visitors"
        saw = f"gunicorn's graceful_timeout is {grace_s:g} s: who still waits for the theatre then may be cut off"
        fail("cut-off-by-reload", wanted=wanted, saw=saw, where=setting_line(office.folder, "graceful_timeout"))
    old = office.boot()
    with office.guest_list("otello") as stream:
        office.begin_list(stream, "otello")
        order = office.order("hamlet")
        if not office.gate.wait_tag("order-hamlet", GENEROUS_S):
            office.site.answer_of(order, 0.0)
        (office.folder / "office" / "release.py").write_text('RELEASE = "2"\n')
        master.reload(office.site)
        answer = master.wait_until_new_workers_answer(office.site, "/hello/", old)
        shown = (answer.json() or {}).get("release") if answer else "no new worker"
        if shown != "2":
            wanted = "after a reload, new workers serve release 2: its code and its settings"
            saw = f"/hello/ of a new worker still shows release {shown}" if answer else "no new worker answered"
            fail("old-release", wanted=wanted, saw=saw, where=what_the_master_keeps(office))
        office.list_is_whole(stream, "otello", "a reload came")
        office.gate.release("order-hamlet")
        booked = order.answer(GENEROUS_S)
        if booked is None or booked.status != 201:
            saw = f"status {booked.status}" if booked else f"no answer: {order.error}"
            fail("cut-off-by-reload", wanted="an order in hand is booked, reload or not", saw=saw)


@needs("test_eight_slow_pages_and_a_fast_one", "test_a_hung_call_is_given_up")
def test_the_notes_are_borne_out(
    office: Office, project: Path, self_bound: Callable[..., SelfBound], picture: Picture
) -> None:
    """notes.toml foretells what the trials show."""
    text = (project / "notes.toml").read_text(errors="replace")
    try:
        notes = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        fail("wrong-note", wanted="notes.toml can be read", saw=str(error), where=Place("notes.toml", 1))
    tried = {
        threads: trials.start_trial(self_bound, office.run, office.gate, office.folder, threads=threads)
        for threads in (1, 8)
    }
    try:
        for site in tried.values():
            site.ready("/hello/")
        picture.lanes("Eight calls at the theatre", staircases(office, tried))
        hung = {threads: trials.hang(site, office.gate, threads=threads) for threads, site in tried.items()}
    finally:
        office.gate.open()
        trials.stop(list(tried.values()))
    measured: dict[tuple[str, str], str | int] = {
        ("one_sync_worker", "hung_request"): hung[1].hung_request,
        ("one_sync_worker", "visitor_status"): hung[1].visitor_status,
        ("one_threaded_worker", "hung_request"): hung[8].hung_request,
    }
    each, workers = office.printed.workers.slots_each, office.printed.workers.workers
    if each is not None:
        measured["your_configuration", "calls_at_most"] = each * workers
        measured["your_configuration", "calls_while_a_worker_is_stuck"] = each * (workers - 1)
    for (table, name), value in measured.items():
        section = notes.get(table)
        predicted = section.get(name) if isinstance(section, dict) else None
        if predicted != value or isinstance(predicted, bool):
            said = "is missing" if predicted is None else f"says {predicted!r}"
            fail(
                "wrong-note",
                wanted=OF_YOUR_OWN.get(name, f"{table}.{name} = {value!r}, as the trial showed"),
                saw=f"notes.toml {said}",
                where=Place("notes.toml", line_of(text, table, name)),
            )


def staircases(office: Office, tried: dict[int, SelfBound]) -> list[Lane]:
    """The calls of each deployment on one clock, from its own first call on."""
    gate = office.gate
    return [
        *trials.staircase(tried[1], gate, "one sync"),
        *trials.staircase(tried[8], gate, "1 x 8"),
        *trials.staircase(office.site, gate, "yours"),
    ]


def line_of(text: str, table: str, name: str) -> int:
    """The line of notes.toml that sets this name in this table; 1 when none does."""
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("["):
            section = line.strip().strip("[]")
        elif section == table and line.split("=")[0].strip() == name:
            return number
    return 1
