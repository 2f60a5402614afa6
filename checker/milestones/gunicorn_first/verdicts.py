"""Findings about the box office whose cause takes some looking: who waited, which line is untrue, who asked twice."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from checker.harness.findings import fail
from checker.harness.gunicorn import master
from checker.harness.http import Exchange
from checker.harness.learner_files import text_of
from checker.harness.lines import line_matching
from checker.harness.waiting import wait_until
from checker.milestones.gunicorn_first import exits
from checker.milestones.gunicorn_first.configuration import (
    CONF,
    GENEROUS_S,
    MOST_CALLS,
    SETTINGS,
    SURE_S,
    setting_line,
)
from checker.milestones.gunicorn_first.office import GUESTS, JOURNAL, LATE_S, Answered, Office, journal_lines
from course.model import SourceLine

WSGI = "office/wsgi.py"
SLOW = 8
ROOM = (
    f"{CONF}: one worker alone must have room for {SLOW} slow pages and a fast one, "
    f"and all workers together for {MOST_CALLS} at most"
)
HEED = (
    "without preload_app a worker loads the settings, and gunicorn replaces a worker that leaves by sys.exit: "
    "let them raise an exception"
)


def what_the_master_keeps(office: Office) -> SourceLine | None:
    """The line by which the master imports the settings: preload, or an import in its configuration file."""
    if office.printed.settings["preload_app"] == "True":
        return setting_line(office.folder, "preload_app")
    return line_matching(office.folder, CONF, [r"\s*(from|import)\s+office\b", r"\s*(from|import)\s.*\bsettings\b"])


def what_comes_without_preload(office: Office) -> str:
    """What the next step away from `preload_app` has to heed: the master ended by the settings' sys.exit itself."""
    leaves = any(exits.found_in(office.folder, [SETTINGS]))
    return HEED if office.printed.settings["preload_app"] == "True" and leaves else ""


def what_holds_others(office: Office) -> SourceLine | None:
    """The line of the journal that takes a lock: `with` and a name that is not called, or acquire()."""
    return office.journal_line(r"\s*with [\w.]+:", r".*\bacquire\(")


def judge_waiting(office: Office, who: str, running: list[Exchange], wanted: str) -> None:
    """The finding for somebody who waits for a place."""
    was_crowded = office.workers.are_crowded
    busy = office.workers.busy_with(running)
    in_hand = sum(bool(office.workers.wait_pid_of(request)) for request in running)
    sizes = [rf"\s*{name}\b.*=" for name in ("threads", "workers", "worker_class")]
    where, facts = line_matching(office.folder, CONF, sizes), {"deployment": office.workers.configuration.words}
    office.workers.go_on()
    office.gate.open()
    for request in running:
        request.wait_answer(SURE_S)
    if was_crowded and (office.printed.places or 0) > in_hand:
        saw = f"{who} waited for a worker whose threads were all busy ({busy}), while another worker was free"
        fail("private-queue", wanted=wanted, saw=saw, where=where, next=ROOM, facts=facts)
    saw = f"{who} waited until another was done: every place was taken ({busy})"
    fail("all-slots-busy", wanted=wanted, saw=saw, where=where, next=ROOM, facts=facts)


def expect_journal_around(office: Office) -> None:
    """No journal among Django's own middleware while `application` is Django and nothing around it."""
    wsgi = text_of(office.folder / WSGI)
    served = re.findall(r"^(?:def |class )?application\b.*", wsgi, re.MULTILINE)
    is_bare = len(served) == 1 and served[0].endswith("= get_wsgi_application()") and "journal" not in wsgi.lower()
    inside = [
        line
        for file in sorted((office.folder / "office").rglob("*.py"))
        if "journal" in text_of(file).lower() and (line := office.place(SETTINGS, f"office.{file.stem}."))
    ]
    if not is_bare or not inside:
        return
    wanted = "the journal is put around the application, where gunicorn calls it"
    saw = f"settings name it for Django to call, and {WSGI} gives gunicorn Django, with nothing around it"
    fail("journal-inside", wanted=wanted, saw=saw, where=inside[0])


def expect_journal_line(office: Office, request: Answered) -> None:
    """Exactly one line for this request, and a true one."""
    lines = office.wait_for_journal(request.label, request.id)
    true = (request.path, request.status, request.body_bytes)
    if [(line.get("path"), line.get("status"), line.get("bytes")) for line in lines] == [true]:
        return
    wanted = f"one line with path {request.path}, status {request.status} and bytes {request.body_bytes}"
    saw = f"no line has its id, {request.label.replace(' ', '-')}"
    if len(lines) == 1:
        saw = "a line with path {path}, status {status} and bytes {bytes}".format_map(defaultdict(str, lines[0]))
    elif lines:
        saw = f"{len(lines)} lines: {as_written(lines)}"
    foreign = {other.status for other in office.answered} - {request.status, 200}
    if not lines or any(line.get("path") != request.path or line.get("status") in foreign for line in lines):
        saw = saw if lines else f"{saw}{strange_words(office.answered, journal_lines(office.site.process.log.text))}"
        where = office.journal_line(r"\s*self\.id = ", r"\s*self\.(?!application)\w+.* = ")
        fail("journal-mixed-up", wanted=f"{wanted}, though other requests ran meanwhile", saw=saw, where=where)
    # None counted yet is a line that was written too early.
    is_miscounted = len(lines) == 1 and lines[0].get("status") == request.status and lines[0].get("bytes")
    counts = office.journal_line(r".*bytes\b\S*\s*\+=", r".*\blen\(") if is_miscounted else None
    fail("journal-untrue", wanted=wanted, saw=saw, where=counts or office.place(JOURNAL, "write"))


def expect_bytes_of_a_part(office: Office, line: Mapping[str, Any], show: str, read: int) -> None:
    """A list whose reader left has passed on some of its rows, whole ones: those he has, and any he no longer took."""
    rows = [f"guests of {show}\n", *(f"{show}-{number}\n" for number in range(1, GUESTS + 1))]
    passed_on = [size for size in accumulate(map(len, rows)) if size >= read]
    if line.get("bytes") not in passed_on:
        wanted = f"bytes is what was passed on, also for a reader who left: he has {read} of them"
        where = office.journal_line(r".*bytes\b\S*\s*\+=", r".*\blen\(")
        fail("journal-untrue", wanted=wanted, saw=as_written([line]), where=where or office.place(JOURNAL, "write"))


def strange_line(answered: Iterable[Answered], lines: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The last line that shows two requests mixed: an id with what belongs to another, or an id's second line."""
    true = {request.label.replace(" ", "-"): (request.path, request.status) for request in answered}
    known = [line for line in lines if isinstance(line.get("id"), str) and line["id"] in true]
    ids = [line["id"] for line in known]
    strange = [
        line
        for number, line in enumerate(known)
        if (line.get("path"), line.get("status")) != true[line["id"]] or line["id"] in ids[:number]
    ]
    return strange[-1] if strange else None


def strange_words(answered: Iterable[Answered], lines: Sequence[Mapping[str, Any]]) -> str:
    """The end of a sentence that quotes such a line; empty when there is none."""
    strange = strange_line(answered, lines)
    if strange is None:
        return ""
    count = sum(line.get("id") == strange["id"] for line in lines)
    return f"; another line is {as_written([strange])}{f', and {count} lines have that id' if count > 1 else ''}"


def as_written(lines: Iterable[Mapping[str, Any]]) -> str:
    """The lines as they stand in the log."""
    return ", ".join(json.dumps(line) for line in lines)


def judge_silence(office: Office, label: str) -> None:
    """There is no journal line at all: none was written, or it waits in a buffer until its worker ends."""
    wanted = "every request leaves a line of the journal on stdout or stderr, as soon as it is over"
    office.gate.open()
    old = master.worker_pids(office.site)
    master.reload(office.site)
    master.wait_gone(office.site, old, GENEROUS_S)
    if wait_until(lambda: office.journal(label), LATE_S):
        saw = "the lines came only when the worker ended"
        where = office.journal_line(r".*\bstdout\b", r".*\bprint\(")
        fail("journal-unflushed", wanted=wanted, saw=saw, where=where)
    if written := office.journal_line(r".*(print|\.(write|info|debug|log))\([^)]"):
        saw = f"{WSGI} has a journal, and the log has no line in the format of {JOURNAL}"
        fail("journal-unheard", wanted=wanted, saw=saw, where=written)
    where = office.place(WSGI, "application =")
    fail("no-journal", wanted=wanted, saw="the log has no journal line at all", where=where)
