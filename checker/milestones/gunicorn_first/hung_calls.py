"""Findings about calls to a theatre that does not answer: which has no limit, was repeated, or was given up early."""

from __future__ import annotations

from checker.harness.calibration import slowness
from checker.harness.diagnosis import wait_error
from checker.harness.findings import fail
from checker.harness.http import Exchange
from checker.milestones.gunicorn_first.configuration import GENEROUS_S, SHORT_S, THEATRE_TIMEOUT_S
from checker.milestones.gunicorn_first.office import SERVER_ERROR, Office

HUNG_S = 6.0  # so long after its limit, longer on a busy machine, a call that goes on has none


def expect_asked_once(office: Office, page: str, since: float) -> None:
    """A call that was given up may have been heard: whoever repeats an order may have booked two seats."""
    count = office.calls("faust" if page == "/seats/" else "order-faust", since)
    if count > 1:
        wanted = f"the theatre is asked once for each request of {page}, whether it answers or not"
        saw = f"{count} calls for the same visitor: the theatre may have heard each of them"
        fail("asked-twice", wanted=wanted, saw=saw, where=office.call_line(page))


def expect_given_up(office: Office, page: str, request: Exchange, since: float) -> None:
    """The visitor of a hung call gets his 504."""
    wanted = f"{page} is answered 504 when the theatre does not answer within THEATRE_TIMEOUT_S={SHORT_S} s"
    answer = request.wait_answer(SHORT_S + HUNG_S)
    if answer is None and not request.is_done:
        answer = request.wait_answer(HUNG_S * (slowness() - 1))
    expect_asked_once(office, page, since)
    where = office.call_line(page)
    if answer is None and not request.is_done:
        saw = "the call was still waiting, and its thread with it: gunicorn's timeout does not reach a thread"
        fail("hung-call", wanted=wanted, saw=saw, where=where)
    if answer is None or answer.status != 504:
        error = wait_error(office.site, request.id) if answer and answer.status >= SERVER_ERROR else None
        said = f"{error['type']}: {error['message']}" if error else repr(answer.text[:80]) if answer else ""
        saw = f"status {answer.status}: {said}" if answer else f"no answer: {request.error}"
        fail("not-504", wanted=wanted, saw=saw, where=where)


def expect_still_waiting(patient: Exchange, office: Office) -> None:
    """Who asked an office that gives the theatre longer waits on, though a later call of this one was given up."""
    if "salome" in office.gate.held:
        office.gate.release("salome")
        return
    answer = patient.wait_answer(GENEROUS_S)
    wanted = f"with THEATRE_TIMEOUT_S={THEATRE_TIMEOUT_S} a call may wait longer than with {SHORT_S}"
    saw = f"status {answer.status}" if answer else f"no answer: {patient.error}"
    saw = f"{saw}, while the theatre still held the call"
    fail("given-up-early", wanted=wanted, saw=saw, where=office.call_line("/seats/"))
