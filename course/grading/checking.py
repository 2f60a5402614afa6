"""Starts the grading child on one exercise, passes its events on, and comes to the verdict.

The verdict is the child's report, held against what it announced: an exit code proves nothing, and a report that is
short or late is BROKEN, never passed; so is one of other checks than the check files hold, which are read before any
code of the learner's runs. Whatever ends the child, its servers are swept up.
"""

from __future__ import annotations

import json
import secrets
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from course import files
from course.content import catalogue, suites
from course.content.places import Places
from course.errors import CourseBug, LearnError
from course.grading.child import Child, Order, Started
from course.grading.forge import Forge
from course.model import (
    CheckEvent,
    CheckFinished,
    CheckResult,
    CheckStarted,
    Exercise,
    Finding,
    Outcome,
    SuiteFinished,
    SuiteStarted,
    Verdict,
)
from course.shared.facts import named_in
from course.shared.ledger import Ledger, session_of
from course.shared.leftovers import Orphans, end_all
from course.shared.prctl import refuse_inspection
from course.shared.wire import from_line, result_from

END_S = 0.5
STOP_GRACE_S = 25.0
START_GRACE_S = 60.0
VERDICT_VERSION = 2
READ_VERSIONS = (1, 2)  # 1: findings without facts


class Grading:
    """One run of an exercise's checks. `events` once, then `verdict`."""

    def __init__(self, exercise: Exercise, checks: frozenset[str], run: Path, told: socket.socket, nonce: str) -> None:
        self._exercise = exercise
        self._checks = checks
        self._run = run
        self._told = told
        self._nonce = nonce
        self._started_at = time.monotonic()
        self._sentences: dict[str, str] = {}
        self._running = ""
        self._running_since = self._started_at
        self._results: list[CheckResult] = []
        self._trouble = "the grader ended without a report"
        self._is_cut = False
        self._is_interrupted = False
        self._is_late = False
        self._left: list[str] = []

    def events(self) -> Iterator[CheckEvent]:
        """Each event as it comes. Ends with the report, with the child, or at the exercise's time limit.

        The check that runs when the time is over has failed by that, and the rest is not run.
        """
        for line in self._lines(self._started_at + START_GRACE_S + self._exercise.time_limit_s):
            try:
                event = from_line(line, self._nonce)
                self._must_be_expected(event)
            except CourseBug as bug:
                self._trouble = bug.wrong
                return
            self._note(event)
            yield event
            if isinstance(event, SuiteFinished):
                return
        for late in self._late():
            self._note(late)
            yield late

    @property
    def is_decided(self) -> bool:
        """Whether the first failure is known: a check has failed, and all that stand before it have ended."""
        ended = {result.id: result.outcome for result in self._results}
        for check in self._sentences:
            if check not in ended:
                return False
            if ended[check] in (Outcome.FAILED, Outcome.BROKEN):
                return True
        return False

    def cut(self) -> None:
        """End the run here: the verdict is what has been told so far, and the servers are stopped at once."""
        self._is_cut = True
        self._trouble = ""

    @property
    def is_cut(self) -> bool:
        """Whether the run was ended before its last check."""
        return self._is_cut

    def interrupt(self) -> None:
        """Somebody has stopped the run: its verdict is that, what has been told so far, and the rest as not run."""
        self._is_interrupted = True

    def note_left(self, command_lines: Sequence[str]) -> None:
        """What the grader has left running, and had to be ended in its place."""
        self._left += command_lines

    @property
    def verdict(self) -> Verdict:
        """What the run came to."""
        if self._is_interrupted:
            known = {result.id: result for result in self._results}
            waiting = next((sentence for check, sentence in self._sentences.items() if check not in known), "the start")
            return Verdict(
                exercise=self._exercise.path,
                outcome=Outcome.INTERRUPTED,
                results=tuple(
                    known.get(check) or CheckResult(check, sentence, Outcome.SKIPPED)
                    for check, sentence in self._sentences.items()
                ),
                seconds=round(time.monotonic() - self._started_at, 3),
                run=self._run,
                reason=f"interrupted at: {self._sentences.get(self._running, waiting)}",
            )
        told = {result.id for result in self._results}
        missing = [check for check in self._sentences if check not in told and not self._is_cut]
        places = {check: place for place, check in enumerate(self._sentences)}
        reason = self._trouble
        if not reason and (missing or not self._sentences):
            reason = f"the grader's report lacks {', '.join(missing) or 'every check'}"
        if self._left:
            ended = "; ".join(line[:160] for line in self._left[:3])
            reason = "\n".join(filter(None, [reason, f"left running, and ended: {ended}"]))
        return Verdict(
            exercise=self._exercise.path,
            outcome=Outcome.BROKEN if reason else _outcome(self._results),
            results=tuple(sorted(self._results, key=lambda result: places[result.id])),
            seconds=round(time.monotonic() - self._started_at, 3),
            run=self._run,
            reason=reason or next((r.reason for r in self._results if r.outcome is Outcome.BROKEN), ""),
        )

    def _must_be_expected(self, event: CheckEvent) -> None:
        """Raises CourseBug for what no grader of this exercise tells: somebody else may have spoken in its place."""
        match event:
            case SuiteStarted() if differing := self._checks ^ dict(event.checks).keys():
                raise CourseBug(f"the grader told of other checks than there are: {', '.join(sorted(differing))}")
            case CheckFinished(CheckResult(id=name)) if any(result.id == name for result in self._results):
                raise CourseBug(f"the grader told twice how {name} ended")

    def _note(self, event: CheckEvent) -> None:
        match event:
            case SuiteStarted():
                self._sentences = dict(event.checks)
            case CheckStarted():
                self._running = event.id
                self._running_since = time.monotonic()
            case CheckFinished() if event.result.id in self._sentences:
                self._running = ""
                self._results.append(event.result)
            case SuiteFinished():
                self._trouble = event.trouble

    def _late(self) -> Iterator[CheckFinished]:
        """The ends of the checks that had none when the time was over.

        What makes a check take so long is the learner's; when none was running, the grader itself hangs.
        """
        if not self._is_late:
            return
        limit = f"{self._exercise.time_limit_s:.0f} s"
        if self._running not in self._sentences:
            self._trouble = f"the checks took longer than {limit}; running: none of them"
            return
        self._trouble = ""
        seconds = time.monotonic() - self._running_since
        finding = Finding(
            code="time-over",
            wanted=f"all checks come to an end within {limit}",
            saw=f"this one still ran after {seconds:.0f} s, when the time was over",
        )
        ended = {result.id for result in self._results}
        for check, sentence in self._sentences.items():
            if check == self._running:
                yield CheckFinished(CheckResult(check, sentence, Outcome.FAILED, round(seconds, 3), finding))
            elif check not in ended:
                yield CheckFinished(CheckResult(check, sentence, Outcome.SKIPPED, reason="not run: the time was over"))

    def _lines(self, deadline: float) -> Iterator[str]:
        pending = b""
        while True:
            self._told.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                chunk = self._told.recv(65_536)
            except TimeoutError:
                self._is_late = True
                return
            except OSError:
                return
            if not chunk:
                return
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                yield line.decode(errors="replace")


@contextmanager
def start(
    places: Places,
    exercise: Exercise,
    *,
    project: Path,
    run: Path,
    only: Sequence[str] = (),
    forge: Forge | None = None,
) -> Iterator[Grading]:
    """Grade `project` in a child process; `run` (an existing folder) gets history, logs and verdict.json.

    `only` names the checks to run, each with what it needs; none means all. The child is forked where there is a forge.
    Raises CourseBug where the hints cannot be read: a finding may have only the codes that stand there. In the end
    raises MachineLacks or UsageError where the verdict cannot be saved; the servers are stopped all the same.
    """
    hints = catalogue.hints(places, exercise.path)
    codes = {code: tuple(sorted(named_in(texts))) for code, texts in hints.items()}
    order = Order(places.suite(exercise.path), project.resolve(), run.resolve(), codes, tuple(only))
    checks = _checks(order)
    refuse_inspection()
    orphans = Orphans() if forge is None else None  # a forge adopts, and ends, those of its graders itself
    ours, theirs = socket.socketpair()
    with ours:
        nonce = secrets.token_hex(16)
        with theirs, (run / "grader.log").open("wb") as log:
            child: Child = Started(order, theirs, log) if forge is None else forge.fork(order, theirs, log)
        grading = Grading(exercise, checks, run, ours, nonce)
        try:
            with suppress(OSError):  # it has ended already
                ours.sendall(nonce.encode() + b"\n")
            yield grading
        except BaseException:
            # Ctrl-C, or `learn check | head`: kept at once, since who is impatient may press it again.
            grading.interrupt()
            with suppress(LearnError):
                _save(grading.verdict)
            raise
        finally:
            if grading.is_cut:
                with suppress(OSError):
                    ours.shutdown(socket.SHUT_RDWR)  # nobody listens any more: it must not wait for us to read
            try:
                _end(child, at_once=grading.is_cut)
            finally:
                grading.note_left(_swept(Ledger(run / "ledger.jsonl"), orphans, child.pid))
        _save(grading.verdict)


def read_verdict(run: Path) -> Verdict | None:
    """The verdict that a run's folder holds; None when the run was killed or its file is of another version."""
    try:
        body: dict[str, Any] = json.loads((run / "verdict.json").read_text(encoding="utf-8"))
        if body["v"] not in READ_VERSIONS:
            return None
        return Verdict(
            exercise=body["exercise"],
            outcome=Outcome(body["outcome"]),
            results=tuple(result_from(result) for result in body["results"]),
            seconds=float(body["seconds"]),
            run=run,
            reason=body["reason"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _outcome(results: list[CheckResult]) -> Outcome:
    """The gravest outcome of a run; skips matter only when nothing failed (then the machine lacks something)."""
    seen = {result.outcome for result in results}
    gravest = (Outcome.BROKEN, Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.SKIPPED)
    return next((outcome for outcome in gravest if outcome in seen), Outcome.PASSED)


def _checks(order: Order) -> frozenset[str]:
    """The checks that have to be told of; none where a check file cannot be read, which the grader will tell."""
    try:
        return suites.reported(order.suite, order.only)
    except (CourseBug, OSError):
        return frozenset()


def _end(child: Child, *, at_once: bool) -> None:
    """Have the child stop its servers; kill it where it does not end."""
    try:
        if at_once or not child.has_ended(END_S):
            child.signal(signal.SIGTERM)
            child.signal(signal.SIGCONT)  # it may have been stopped, and would not hear of it
            child.has_ended(STOP_GRACE_S)
    finally:
        if not child.has_ended():
            child.signal(signal.SIGKILL)
            child.has_ended(STOP_GRACE_S)


def _swept(ledger: Ledger, orphans: Orphans | None, grader: int) -> list[str]:
    """End what the grader has left. Returns the command lines of those that had escaped from their servers."""
    escaped: list[str] = []
    if orphans is not None:
        known = {grader, *ledger.sessions}
        escaped = end_all(lambda: [process for process in orphans() if session_of(process.pid) not in known])
    ledger.sweep()
    if orphans is not None:
        end_all(orphans)
    return escaped


def _save(verdict: Verdict) -> None:
    body = {"v": VERDICT_VERSION, **asdict(verdict), "run": verdict.run.name}
    with files.writing(verdict.run):
        (verdict.run / "verdict.json").write_text(json.dumps(body, indent=1), encoding="utf-8")
