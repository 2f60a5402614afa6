"""The learner's box office while it runs: visitors, guest lists, journal lines; in a copy that a release may change."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.harness.diagnosis import wait_error
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.gunicorn.master import wait_for_workers
from checker.harness.gunicorn.workers import Workers
from checker.harness.http import Answer, Exchange, Stream
from checker.harness.idle import Rest
from checker.harness.learner_files import copy_project, text_of
from checker.harness.lines import line_matching, line_with
from checker.harness.run import Run
from checker.harness.site import SelfBound
from checker.harness.waiting import wait_until
from checker.milestones.gunicorn_first.configuration import GENEROUS_S, SURE_S, Printed
from course.model import SourceLine

JOURNAL = "office/journal.py"
ROW_S = 10.0
LATE_S = 1.0  # so long may a line that is written lie in the log's pipe
GUESTS = 12
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that got its answer, and what the journal should say of it."""

    label: str
    path: str
    status: int
    body_bytes: int
    id: str  # of the request, as the history has it


class Office:
    """One running box office. `folder` is the copy it runs in."""

    def __init__(self, run: Run, gate: Gate, printed: Printed, site: SelfBound, folder: Path) -> None:
        self.site = site
        self.gate = gate
        self.run = run
        self.printed = printed
        self.workers = Workers(site, printed.workers)
        self.folder = folder
        self.answered: list[Answered] = []

    # --- traffic ---

    def ask(self, path: str, label: str, *, method: str = "GET") -> Exchange:
        """A request whose journal line has its label for an id."""
        body = b"" if method == "POST" else None
        return self.site.send(path, method=method, body=body, label=label, headers={"X-Request-Id": _id(label)})

    def expect_answer_to(self, request: Exchange) -> None:
        """Its answer must come, and is remembered for the journal."""
        answer = self.site.expect_answer(request, GENEROUS_S)
        self.answered.append(Answered(request.label, request.path, answer.status, len(answer.body), request.id))

    def expect_page(self, request: Exchange, status: int, page: Mapping[str, str]) -> None:
        """The same, and it must be what the scaffold's page was: this status, and these keys and values."""
        self.expect_answer_to(request)
        answer = self.site.expect_answer(request)
        if (answer.status, answer.json()) != (status, page):
            wanted = f"{request.path} is answered {status} {json.dumps(page)}, as it was"
            saw = f"status {answer.status}: {answer.text[:120]!r}"
            fail("answer-changed", wanted=wanted, saw=saw, where=self.call_line(request.path))

    def ask_for_seats(self, shows: Sequence[str]) -> dict[str, Exchange]:
        """One request for each show: each waits for the theatre."""
        return {show: self.ask(f"/seats/{show}/", f"seats {show}") for show in shows}

    def order(self, show: str) -> Exchange:
        """An order for a show: it waits for the theatre too."""
        return self.ask(f"/orders/{show}/", f"order {show}", method="POST")

    @contextmanager
    def guest_list(self, show: str) -> Iterator[Stream]:
        """The list of a show's guests, being read."""
        label = f"guests {show}"
        with self.site.stream(f"/guests/{show}/", label=label, headers={"X-Request-Id": _id(label)}) as stream:
            yield stream

    def expect_list_begun(self, stream: Stream, show: str) -> None:
        """Read the head of the list and its first guest, while the theatre still looks for the second."""
        wanted = "each row of a guest list is on its way before the theatre has the next one"
        head = f"guests of {show}\n".encode()
        if not self.gate.wait_tag(f"{show}-1", ROW_S):
            self.site.expect_ready("/hello/")
            saw = f"the theatre was never asked for a guest: status {stream.status}, {stream.body[:80]!r}"
            fail("row-held-back", wanted=wanted, saw=saw)
        # The theatre has no part in the head: when all rest, it will not come.
        rest = Rest(self.site.process)
        wait_until(lambda: stream.read_until(head, 0.02) or stream.ended, ROW_S, unless_ended=rest)
        if head not in stream.body:
            self._judge_held_back(stream, show, 0, wanted)
        self.gate.release(f"{show}-1")
        if not self.gate.wait_tag(f"{show}-2", ROW_S) or not stream.read_until(f"{show}-1\n".encode(), ROW_S):
            self._judge_held_back(stream, show, 1, wanted)

    def expect_whole_list(self, stream: Stream, show: str, meanwhile: str) -> None:
        """Let the theatre find the other guests: the list must come to its end."""
        self.go_on_until(lambda: f"{show}-done" in self.gate.held or stream.read_to_end(0.001), [show])
        stream.read_to_end(SURE_S)
        if f"{show}-{GUESTS}\n".encode() not in stream.body:
            wanted = f"a guest list goes on to its last row, though {meanwhile}"
            last = stream.body.decode(errors="replace").splitlines()[-1:]
            fail("list-cut-off", wanted=wanted, saw=f"it was cut off after {last[0] if last else 'nothing'}")
        self.gate.release(f"{show}-done")

    def expect_closed(self, show: str, after: str) -> None:
        """Django must have been told that nobody reads the list any more."""
        done = f"{show}-done"
        told = self.run.history.events
        if not self.go_on_until(lambda: any(event["tag"] == done for event in told(EventKind.GATE_ARRIVED)), [show]):
            wanted = f"a guest list is closed, so that the theatre is told, when {after}"
            saw = "nobody called the close() of Django's response"
            fail("not-closed", wanted=wanted, saw=saw, where=self.place(JOURNAL, "self.application("))
        self.gate.release(done)

    def wait_worker_of(self, request: str) -> int:
        """The worker in which the request with this id has reached the application."""
        entered = self.run.history.wait_for(
            EventKind.APP_ENTERED, lambda e: bool(e["request"] == request), deadline_s=GENEROUS_S
        )
        return int(entered["pid"]) if entered else 0

    def go_on_until(self, wanted: Callable[[], bool], shows: Sequence[str], deadline_s: float = GENEROUS_S) -> bool:
        """Let the theatre find guest after guest of these shows until something is so.

        False at the deadline, or when no guest is asked for any more and all workers rest.
        """
        end = self.run.history.now() + deadline_s
        rest: Rest | None = None
        while not wanted() and self.run.history.now() < end:
            rows = self._rows_held(shows)
            for tag in rows:
                self.gate.release(tag)
            rest = None if rows else rest or Rest(self.site.process)
            if rest is not None and rest.wait(0.0) is not None:
                break
            self.gate.wait_until(lambda: self._is_asked(shows), 0.05)
        return wanted()

    def expect_boot(self) -> frozenset[int]:
        """The pids of the workers, all of which have loaded the application; a first answer that is a 200."""
        self._expect_journal_in_its_place(self.site.expect_ready("/hello/"))
        self.site.expect_get("/hello/")
        count = self.printed.workers.workers
        workers = wait_for_workers(self.site, count)
        if workers is None:
            wanted = f"{count} worker processes that have loaded your application, as gunicorn.conf.py says"
            fail("server-never-answered", wanted=wanted, saw="\n".join(["they never did", *self.last_lines]))
        return workers

    def _expect_journal_in_its_place(self, first: Answer) -> None:
        error = wait_error(self.site, first.request) if first.status >= SERVER_ERROR else None
        where = self.place("office/settings.py", "Journal")
        if error is None or where is None or "start_response" not in str(error["message"]):
            return
        wanted = "Journal is WSGI middleware: it stands around the application in office/wsgi.py"
        fail("journal-misplaced", wanted=wanted, saw=f"{error['type']}: {error['message']}", where=where)

    @property
    def last_lines(self) -> list[str]:
        """The end of its log."""
        return [f"  {line}" for line in self.site.process.log.last_lines(6)]

    def journal(self, label: str) -> list[dict[str, Any]]:
        """The journal's lines for the request with this label."""
        return [line for line in journal_lines(self.site.process.log.text) if line.get("id") == _id(label)]

    def wait_for_journal(self, label: str, request: str) -> list[dict[str, Any]]:
        """The same, as soon as there is one, or the request (by the history's id) has long been over."""
        over = self.run.history.wait_for(
            EventKind.APP_LEFT, lambda e: bool(e["request"] == request), deadline_s=GENEROUS_S
        )
        left_s = LATE_S if over is None else max(0.0, over.t + LATE_S - self.run.history.now())
        return wait_until(lambda: self.journal(label), left_s)

    def calls(self, tag: str, since: float) -> int:
        """How many calls with this tag have reached the theatre."""
        return sum(event["tag"] == tag for event in self.run.history.events(EventKind.GATE_ARRIVED, since=since))

    def place(self, file: str, text: str) -> SourceLine | None:
        """The first line of a learner's file that holds this text; none of a journal that is not put to use."""
        return line_with(self.folder, file, text) if file != JOURNAL or self._has_journal else None

    def call_line(self, path: str) -> SourceLine | None:
        """The view's line that calls the theatre for the page with this path."""
        return self.place("office/views.py", "theatre.book" if path.startswith("/orders/") else "theatre.free_seats")

    def journal_line(self, *patterns: str) -> SourceLine | None:
        """The first line of the journal that matches; none when it is not put to use."""
        return line_matching(self.folder, JOURNAL, patterns) if self._has_journal else None

    @property
    def _has_journal(self) -> bool:
        return "journal" in text_of(self.folder / "office" / "wsgi.py")

    def _is_asked(self, shows: Sequence[str]) -> bool:
        return any(tag.rpartition("-")[0] in shows for tag in self.gate.held)

    def _rows_held(self, shows: Sequence[str]) -> list[str]:
        return [tag for tag in self.gate.held if tag.rpartition("-")[0] in shows and not tag.endswith("-done")]

    def _judge_held_back(self, stream: Stream, show: str, row: int, wanted: str) -> None:
        token = f"{show}-{row}\n" if row else f"guests of {show}\n"
        what = f"guest {row}" if row else "the first row"
        self.gate.release(f"{show}-{row + 1}")
        if stream.read_until(token.encode(), SURE_S):
            saw = f"{what} did not come until the theatre had found guest {row + 1}"
        else:
            self.go_on_until(lambda: f"{show}-done" in self.gate.held, [show])
            self.gate.open()
            arrived = stream.read_until(token.encode(), GENEROUS_S)
            saw = f"{what} did not come until the theatre had found more guests" if arrived else f"{what} never came"
        where = self.journal_line(r".*\bjoin\(", r".*\byield\b", r".*\bapplication\(")
        fail("row-held-back", wanted=wanted, saw=saw, where=where)


def copy_of(run: Run, name: str) -> Path:
    """A copy of the learner's folder, in which a release may be put in place."""
    folder = run.temporary / name
    copy_project(run.project, folder)
    return folder


def journal_lines(log: str) -> list[dict[str, Any]]:
    """Every journal line of a log, whole ones only."""
    lines = []
    for found in re.findall(r"journal (\{[^{}]*\})", log):
        try:
            line = json.loads(found)
        except (ValueError, RecursionError):
            continue
        if isinstance(line, dict):
            lines.append(line)
    return lines


def _id(label: str) -> str:
    return label.replace(" ", "-")
