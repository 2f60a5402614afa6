"""The learner's box office as its checks meet it: started as a platform would, in a copy that a release may replace."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.gunicorn.master import wait_for_workers
from checker.harness.gunicorn.workers import (
    Configuration,
    Workers,
    read_configuration,
    start_printing_configuration,
)
from checker.harness.http import Exchange, Stream
from checker.harness.lines import line_matching, line_with
from checker.harness.probed import probed
from checker.harness.run import Run
from checker.harness.site import SelfBound
from course.model import Place

# Only failing solutions wait these out.
GENEROUS_S = 20.0
ROW_S = 10.0
SURE_S = 3.0
GUESTS = 12
CONF = "gunicorn.conf.py"

WORKER_TIMEOUT_S = 20
THEATRE_TIMEOUT_S = 45
# A second deployment: what is a constant does not follow, and what is not set has its default.
OTHER_THEATRE_TIMEOUT_S = 137.5
DEFAULT_WORKER_TIMEOUT_S = 30
DEFAULT_BINDS = ("127.0.0.1:8000", "localhost:8000")
# Nobody listens here: it is only printed.
PRINTED_BIND = "127.0.0.1:19999"
KEY = "a key for these checks only"

Starter = Callable[..., SelfBound]


@dataclass(frozen=True, slots=True)
class Printed:
    """What gunicorn says the learner's configuration comes to."""

    settings: Mapping[str, str]
    workers: Configuration
    # The same with OTHER_THEATRE_TIMEOUT_S and without BIND and WORKER_TIMEOUT_S; empty when it could not be printed.
    elsewhere: Mapping[str, str]
    # The end of what gunicorn said when it could not read the file there.
    refusal: str

    def seconds(self, name: str) -> float:
        """A setting that is a number of seconds."""
        return float(self.settings[name])

    def seconds_elsewhere(self, name: str) -> float | None:
        """The same in the second deployment; None when that could not be printed."""
        return float(self.elsewhere[name]) if name in self.elsewhere else None

    @property
    def places(self) -> int | None:
        """How many requests all workers together have in hand; None for a worker class we do not know."""
        each = self.workers.slots_each
        return None if each is None else each * self.workers.workers


def variables(gate: Gate, **changed: str | None) -> dict[str, str]:
    """The environment that the lesson promises; a value of None leaves the variable out."""
    given: dict[str, str | None] = {
        "BIND": "127.0.0.1:{port}",
        "SECRET_KEY": KEY,
        "THEATRE_URL": gate.url,
        "THEATRE_TIMEOUT_S": str(THEATRE_TIMEOUT_S),
        "WORKER_TIMEOUT_S": str(WORKER_TIMEOUT_S),
        **changed,
    }
    return {name: value for name, value in given.items() if value is not None}


def print_configuration(run: Run, gate: Gate) -> Printed | None:
    """Have gunicorn print the learner's configuration; None when it cannot read it."""
    here, _ = _print(run, variables(gate, BIND=PRINTED_BIND))
    workers = read_configuration(here)
    if workers is None:
        return None
    other = {"BIND": None, "WORKER_TIMEOUT_S": None, "THEATRE_TIMEOUT_S": str(OTHER_THEATRE_TIMEOUT_S)}
    elsewhere, refusal = _print(run, variables(gate, **other))
    return Printed(_settings(here), workers, _settings(elsewhere), refusal)


def start_gunicorn(
    start: Starter,
    run: Run,
    name: str,
    environment: Mapping[str, str],
    *,
    folder: Path,
    arguments: Sequence[str] = (),
) -> SelfBound:
    """Start gunicorn with the learner's file and no word about where to listen."""
    target, probing = probed(run, "office.wsgi:application", interface="wsgi")
    command = [
        sys.executable, "-P", "-m", "gunicorn",
        "--config", CONF,
        "--no-control-socket",
        *arguments,
        target,
    ]  # fmt: skip
    together = {**probing, "LEARN_PROJECT": str(folder), **environment}
    return start(name, command, environment=together, folder=folder)


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that got its answer, and what the journal should say of it."""

    label: str
    path: str
    status: int
    body_bytes: int


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

    def answer_to(self, request: Exchange) -> None:
        """Its answer must come, and is remembered for the journal."""
        answer = self.site.answer_of(request, GENEROUS_S)
        self.answered.append(Answered(request.label, request.path, answer.status, len(answer.body)))

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

    def begin_list(self, stream: Stream, show: str) -> None:
        """Read the head of the list and its first guest, while the theatre still looks for the second."""
        wanted = "each row of a guest list is on its way before the theatre has the next one"
        head = f"guests of {show}\n".encode()
        if not self.gate.wait_tag(f"{show}-1", ROW_S):
            self.site.ready("/hello/")
            saw = f"the theatre was never asked for a guest: status {stream.status}, {stream.body[:80]!r}"
            fail("row-held-back", wanted=wanted, saw=saw)
        if not stream.read_until(head, ROW_S):
            self._judge_held_back(stream, show, 0, wanted)
        self.gate.release(f"{show}-1")
        if not self.gate.wait_tag(f"{show}-2", ROW_S) or not stream.read_until(f"{show}-1\n".encode(), ROW_S):
            self._judge_held_back(stream, show, 1, wanted)

    def list_is_whole(self, stream: Stream, show: str, meanwhile: str) -> None:
        """Let the theatre find the other guests: the list must come to its end."""
        self.go_on_until(lambda: f"{show}-done" in self.gate.held or stream.read_to_end(0.02), [show])
        stream.read_to_end(SURE_S)
        if f"{show}-{GUESTS}\n".encode() not in stream.body:
            wanted = f"a guest list goes on to its last row, though {meanwhile}"
            last = stream.body.decode(errors="replace").splitlines()[-1:]
            fail("list-cut-off", wanted=wanted, saw=f"it was cut off after {last[0] if last else 'nothing'}")
        self.gate.release(f"{show}-done")

    def was_closed(self, show: str, after: str) -> None:
        """Django must have been told that nobody reads the list any more."""
        done = f"{show}-done"
        told = self.run.history.events
        if not self.go_on_until(lambda: any(event["tag"] == done for event in told("gate.arrived")), [show]):
            wanted = f"a guest list is closed, so that the theatre is told, when {after}"
            saw = "nobody called the close() of Django's response"
            fail("not-closed", wanted=wanted, saw=saw, where=self.place("office/journal.py", "self.application("))
        self.gate.release(done)

    def worker_of(self, request: str) -> int:
        """The worker in which the request with this id has reached the application."""
        entered = self.run.history.wait_for(
            "app.entered", lambda e: bool(e["request"] == request), deadline_s=GENEROUS_S
        )
        return int(entered["pid"]) if entered else 0

    def go_on_until(self, wanted: Callable[[], bool], shows: Sequence[str], deadline_s: float = GENEROUS_S) -> bool:
        """Let the theatre find guest after guest of these shows until something is so; False at the deadline."""
        end = self.run.history.now() + deadline_s
        while not wanted() and self.run.history.now() < end:
            for tag in self._rows_held(shows):
                self.gate.release(tag)
            self.gate.wait_until(lambda: bool(self._rows_held(shows)), 0.05)
        return wanted()

    def boot(self) -> frozenset[int]:
        """The pids of the workers, all of which have loaded the application; a first answer that is a 200."""
        self.site.ready("/hello/")
        self.site.get("/hello/")
        count = self.printed.workers.workers
        workers = wait_for_workers(self.site, count)
        if workers is None:
            wanted = f"{count} worker processes that have loaded your application, as gunicorn.conf.py says"
            fail("server-never-answered", wanted=wanted, saw="\n".join(["they never did", *self.last_lines]))
        return workers

    @property
    def last_lines(self) -> list[str]:
        """The end of its log."""
        return [f"  {line}" for line in self.site.process.log.last_lines(6)]

    def journal(self, label: str) -> list[dict[str, Any]]:
        """The journal's lines for the request with this label."""
        return [line for line in journal_lines(self.site.process.log.text) if line.get("id") == _id(label)]

    def wait_for_journal(self, label: str, deadline_s: float = GENEROUS_S) -> list[dict[str, Any]]:
        """The same, as soon as there is one."""
        log = self.site.process.log
        end = self.run.history.now() + deadline_s
        while not (lines := self.journal(label)) and self.run.history.now() < end:
            log.wait_for(f'"id": "{_id(label)}"', 0.2)
        return lines

    def calls(self, tag: str, since: float) -> int:
        """How many calls with this tag have reached the theatre."""
        return sum(event["tag"] == tag for event in self.run.history.events("gate.arrived", since=since))

    def place(self, file: str, text: str) -> Place | None:
        """The first line of a learner's file that holds this text."""
        return line_with(self.folder, file, text)

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
        where = line_matching(self.folder, "office/journal.py", [r".*\bjoin\(", r".*\byield\b", r".*\bapplication\("])
        fail("row-held-back", wanted=wanted, saw=saw, where=where)


def copy_of(run: Run, name: str) -> Path:
    """A copy of the learner's folder, in which a release may be put in place."""
    folder = run.temporary / name
    shutil.copytree(run.project, folder, symlinks=True)
    return folder


def journal_lines(log: str) -> list[dict[str, Any]]:
    """Every journal line of a log, whole ones only."""
    lines = []
    for found in re.findall(r"journal (\{[^{}]*\})", log):
        try:
            line = json.loads(found)
        except ValueError:
            continue
        if isinstance(line, dict):
            lines.append(line)
    return lines


def setting_line(folder: Path, name: str) -> Place | None:
    """The line of gunicorn.conf.py that sets this; None when none does."""
    return line_matching(folder, CONF, [rf"\s*{name}\b.*="])


def _print(run: Run, environment: Mapping[str, str]) -> tuple[str, str]:
    """What was printed; and its end when gunicorn has ended and printed no configuration."""
    printing = start_printing_configuration(run, CONF, environment)
    try:
        code = printing.wait(GENEROUS_S)
        printing.log.wait_end(SURE_S)
    finally:
        printing.stop()
    # It always ends with an error: there is no app.
    text = printing.log.text
    is_refused = code is not None and read_configuration(text) is None
    return text, "\n".join(f"  {line}" for line in printing.log.last_lines(4)) if is_refused else ""


def _settings(printed: str) -> dict[str, str]:
    return dict(re.findall(r"^(\w+) += (.*)$", printed, re.MULTILINE))


def _id(label: str) -> str:
    return label.replace(" ", "-")
