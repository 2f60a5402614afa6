"""Start with Gunicorn/WSGI, in production: a call hangs, a worker is stuck, a release comes, nobody else is lost."""

from __future__ import annotations

import signal

from checker.harness import starters
from checker.harness.calibration import slowness
from checker.harness.findings import fail
from checker.harness.gunicorn import master
from checker.harness.stack import Stack
from checker.harness.suite import needs
from checker.milestones.gunicorn_first import heartbeat
from checker.milestones.gunicorn_first.configuration import (
    DEFAULT_WORKER_TIMEOUT_S,
    GENEROUS_S,
    OTHER_THEATRE_TIMEOUT_S,
    SURE_S,
    THEATRE_TIMEOUT_S,
    WORKER_TIMEOUT_S,
    setting_line,
)
from checker.milestones.gunicorn_first.hung_calls import expect_asked_once, expect_given_up, expect_still_waiting
from checker.milestones.gunicorn_first.office import Office
from checker.milestones.gunicorn_first.verdicts import what_comes_without_preload, what_the_master_keeps


@needs("test_a_page_is_served_beside_a_list")
def test_a_hung_call_is_given_up(office: Office, impatient: Office, ahead: starters.Ahead) -> None:
    """A call that hangs is given up after THEATRE_TIMEOUT_S, and nobody else notices."""
    ahead("tried", "test_the_notes_are_borne_out")  # they boot while that time passes
    patient = office.ask("/seats/salome/", "seats salome")  # this office gives the theatre longer
    office.gate.wait_tag("salome", GENEROUS_S)
    office, since = impatient, impatient.run.history.now()
    with office.workers.crowded(), office.guest_list("aida") as stream:
        office.expect_list_begun(stream, "aida")
        hung = {"/seats/": office.ask("/seats/faust/", "seats faust"), "/orders/": office.order("faust")}
        for page, request in hung.items():
            expect_given_up(office, page, request, since)
        # Both have their answers, so the calls were over before: who still hangs has no limit that is near.
        asked = {"faust", "order-faust"}
        if not office.gate.wait_until(lambda: asked.isdisjoint(office.gate.held), SURE_S * slowness()):
            wanted = "a call that is given up is over: its connection is closed"
            saw = "the visitor was told, and the call to the theatre goes on"
            fail("call-left-behind", wanted=wanted, saw=saw, where=office.call_line("/seats/"))
        office.expect_whole_list(stream, "aida", "two calls beside it were given up")
    for page in hung:
        expect_asked_once(office, page, since)
    expect_still_waiting(patient, office)


@needs("test_a_page_is_served_beside_a_list")
def test_a_stuck_worker_is_replaced(impatient: Office, stack: Stack) -> None:
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
    office.expect_boot()
    with office.guest_list("norma") as lost:
        office.expect_list_begun(lost, "norma")
        stuck = office.wait_worker_of(lost.id)
        try:
            master.send(office.site, signal.SIGSTOP, stuck)
            # Only now does the second list reach a worker: one of the others.
            with office.guest_list("tosca") as kept:
                office.expect_list_begun(kept, "tosca")
                office.site.expect_answer(office.ask("/hello/", "hello"), GENEROUS_S)
                heartbeat.set_back(stuck)
                if not heartbeat.wait_ended(office.site, stuck, WORKER_TIMEOUT_S + GENEROUS_S):
                    wanted = f"a worker that is silent for {seconds:g} s is ended"
                    fail(
                        "worker-timeout",
                        wanted=wanted,
                        saw="it was still there",
                        where=setting_line(office.folder, "timeout"),
                    )
                office.expect_whole_list(kept, "tosca", "a worker was ended")
        finally:
            master.send(office.site, signal.SIGCONT, stuck)
    office.expect_boot()
    stack.retire(office.site)


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
    old = office.expect_boot()
    with office.guest_list("otello") as stream:
        office.expect_list_begun(stream, "otello")
        order = office.order("hamlet")
        if not office.gate.wait_tag("order-hamlet", GENEROUS_S):
            office.site.expect_answer(order, 0.0)
        (office.folder / "office" / "release.py").write_text('RELEASE = "2"\n')
        master.reload(office.site)
        answer = master.wait_until_new_workers_answer(office.site, "/hello/", old)
        shown = (answer.json() or {}).get("release") if answer else "no new worker"
        if shown != "2":
            wanted = "after a reload, new workers serve release 2: its code and its settings"
            saw = f"/hello/ of a new worker still shows release {shown}" if answer else "no new worker answered"
            heed = what_comes_without_preload(office)
            fail("old-release", wanted=wanted, saw=saw, where=what_the_master_keeps(office), next=heed)
        office.expect_whole_list(stream, "otello", "a reload came")
        office.gate.release("order-hamlet")
        booked = order.wait_answer(GENEROUS_S)
        if booked is None or booked.status != 201:
            saw = f"status {booked.status}" if booked else f"no answer: {order.error}"
            fail("cut-off-by-reload", wanted="an order in hand is booked, reload or not", saw=saw)
