"""Checks of The Event Loop in Django: two pages that cross between sync and async where they may."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import NoReturn

from checker.harness import diagnosis, tracebacks
from checker.harness.findings import NotYet, fail
from checker.harness.http import Answer, Stream
from checker.harness.picture import Picture
from checker.harness.seed import Seed
from checker.harness.suite import needs
from checker.harness.tracebacks import Traceback
from checker.stage_3.event_loop.clinic import PROMPT_S, VIEWS, VISIT, VISITS, Clinic, Visit, drawn, expect_number, now
from course.model import SourceLine

NOTES = 3


@needs("test_twenty_visits_do_not_mix")
def test_triage_holds_up_nobody(clinic: Clinic, seed: Seed, picture: Picture) -> None:
    """Patients in triage wait for the archive together, and others are served meanwhile."""
    since, visits = now(), []
    for name in drawn(seed, "triage", 2):
        visits.append(clinic.visit(f"/triage/{name}/", _number(name)))
        meanwhile = f" while {visits[0].exchange.path} waits for it" if visits[1:] else ""
        clinic.expect_asked(visits[-1], f"urgency-{name}", meanwhile)
        clinic.expect_pulse(f"{visits[-1].exchange.path} waits for the archive", since)
    clinic.gate.open()
    for visit in visits:
        _expect_triage(clinic, visit)
    picture.nothing()


@needs("test_twenty_visits_do_not_mix")
def test_notes_arrive_line_by_line(clinic: Clinic, seed: Seed) -> None:
    """Each note reaches the visitor as it is found, and others are served meanwhile."""
    name, since = drawn(seed, "notes", 1)[0], now()
    path, mark = f"/notes/{name}/", clinic.server.process.log.mark
    with clinic.server.stream(path, headers={VISIT: _number(name)}, label=path) as stream:
        found = 0
        for number in range(1, NOTES + 1):
            tag, following = f"note-{name}-{number}", f"note-{name}-{number + 1}"
            if number > found:
                clinic.wait(partial(_is_asked_or_over, clinic, stream, tag))
                if tag not in clinic.gate.held:
                    _fail_as_ended(clinic, stream, f"{path} asks the archive for {tag!r}")
                clinic.expect_pulse(f"{path} waits for note {number}", since)
                found = number
                clinic.gate.wait_settled()
                if following in clinic.gate.held:  # who asks for all at once gets the second one first
                    clinic.gate.release(following)
                    clinic.gate.wait_settled()
                    clinic.expect_pulse(f"{path} waits for note {number}", since)
                    found = number + 1
                clinic.gate.release(tag)
            if not stream.read_until(b"\n" if number == 1 else f"{tag}\n".encode(), PROMPT_S):
                wanted = f"{path} tells note {number} while the archive still looks for the next"
                saw = f"the archive had found it; {len(stream.body)} bytes of the answer had arrived"
                fail("notes-held-back", wanted=wanted, saw=saw, where=_stream_line(clinic))
        wanted = f"{path} ends after note {NOTES}"
        if not stream.read_to_end(PROMPT_S):
            saw = "no end" + (f"; uvicorn's log: {logged.error}" if (logged := _logged(clinic, mark)) else "")
            fail("notes-held-back", wanted=wanted, saw=saw, where=(logged and logged.where) or _stream_line(clinic))
        if error := diagnosis.raised(clinic.server, request=stream.id):
            raise diagnosis.error_finding(error, wanted)
    expect_number(clinic, stream, path, _number(name))
    _expect_lines(clinic, path, name, stream.body.decode(errors="replace"))


@needs("test_triage_holds_up_nobody", "test_notes_arrive_line_by_line")
def test_both_pages_are_the_same_under_gunicorn(wsgi_clinic: Clinic, seed: Seed, picture: Picture) -> None:
    """Under gunicorn both pages answer as before, the second time, too."""
    wsgi_clinic.gate.open()
    for name in drawn(seed, "wsgi", 2):
        _expect_triage(wsgi_clinic, wsgi_clinic.visit(f"/triage/{name}/", _number(name)))
        notes = wsgi_clinic.visit(f"/notes/{name}/", _number(name))
        answer = _expect_notes(wsgi_clinic, notes)
        expect_number(wsgi_clinic, answer, notes.exchange.path, notes.number)
        _expect_lines(wsgi_clinic, notes.exchange.path, name, answer.text)
    picture.nothing()


def _number(patient: str) -> str:
    return f"visit-{patient}"


def _expect_triage(site: Clinic, visit: Visit) -> None:
    answer = site.expect_page(visit)
    patient = visit.exchange.path.split("/")[2]
    wanted = {"patient": patient, "urgency": f"urgency-{patient}", "visit": visit.number}
    if answer.json() != wanted:
        where = site.line(VIEWS, r".*JsonResponse\(", r".*return")
        said = f"under {site.name} {visit.exchange.path} is answered {wanted}"
        fail("page-changed", wanted=said, saw=f"status {answer.status}: {answer.text[:120]}", where=where)


def _expect_notes(site: Clinic, visit: Visit) -> Answer:
    try:
        return site.expect_page(visit)
    except NotYet as told:
        finding = told.finding
        if finding.code not in ("server-error", "no-answer"):
            raise
        wanted = f"under {site.name} {visit.exchange.path} is answered as under uvicorn"
        where = finding.where or site.line(VIEWS, r".*(?:ensure_future|create_task)\(") or _stream_line(site)
        raise NotYet(replace(finding, code="page-changed", wanted=wanted, where=where)) from None


def _expect_lines(site: Clinic, path: str, name: str, text: str) -> None:
    wanted = [f"{_number(name)}: note-{name}-{number}" for number in range(1, NOTES + 1)]
    told = text.splitlines()
    if told == wanted:
        return
    if [line.partition(": ")[2] for line in told] == [line.partition(": ")[2] for line in wanted]:
        saw = f"the lines begin with {', '.join(re.findall('^[^:]*', text, re.MULTILINE)[:NOTES])}"
        said = f"under {site.name}, in the stream of {path}, visits.current() is {_number(name)!r}"
        fail("visit-unknown", wanted=said, saw=saw, where=site.line(VISITS, r".*reset\(", r".*return"))
    said = f"under {site.name} {path} tells {NOTES} lines, the first one {wanted[0]!r}"
    fail("page-changed", wanted=said, saw=repr(text[:120]), where=_stream_line(site))


def _logged(site: Clinic, mark: int) -> Traceback | None:
    return tracebacks.last(site.server.process.log.since(mark), site.server.run.project, site.server.run.given)


def _is_asked_or_over(site: Clinic, stream: Stream, tag: str) -> bool:
    return tag in site.gate.held or stream.read_to_end(0)


def _fail_as_ended(site: Clinic, stream: Stream, wanted: str) -> NoReturn:
    stream.read_to_end(PROMPT_S)
    if error := diagnosis.wait_error(site.server, stream.id):
        raise diagnosis.error_finding(error, wanted)
    saw = f"it did not; {len(stream.body)} bytes of the answer had arrived"
    fail("page-changed", wanted=wanted, saw=saw, where=_stream_line(site))


def _stream_line(site: Clinic) -> SourceLine | None:
    return site.line(VIEWS, r".*=\s*\[.*\bfor\b", r".*\bgather\(", r".*StreamingHttpResponse\(")
