"""Starts the grading child on one exercise, passes its events on, and comes to the verdict.

The verdict is the child's report, held against what it announced: an exit code proves nothing, and a report that is
short or late is BROKEN, never passed. Whatever ends the child, its servers are swept up.
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

from course.content import catalogue
from course.content.places import Places
from course.errors import CourseBug
from course.grading.child import Child, Order, Started
from course.grading.forge import Forge
from course.model import (
    CheckEvent,
    CheckFinished,
    CheckResult,
    CheckStarted,
    Exercise,
    Outcome,
    SuiteFinished,
    SuiteStarted,
    Verdict,
)
from course.shared.facts import named_in
from course.shared.ledger import Ledger
from course.shared.wire import from_line, result_from

END_S = 0.5
STOP_GRACE_S = 25.0
START_GRACE_S = 60.0
VERDICT_VERSION = 2
READ_VERSIONS = (1, 2)  # 1: findings without facts


class Grading:
    """One run of an exercise's checks. `events` once, then `verdict`."""

    def __init__(self, exercise: Exercise, run: Path, told: socket.socket, nonce: str) -> None:
        self._exercise = exercise
        self._run = run
        self._told = told
        self._nonce = nonce
        self._started_at = time.monotonic()
        self._sentences: dict[str, str] = {}
        self._running = ""
        self._results: list[CheckResult] = []
        self._trouble = "the grader ended without a report"
        self._is_cut = False
        self._is_interrupted = False

    def events(self) -> Iterator[CheckEvent]:
        """Each event as it comes. Ends with the report, with the child, or at the exercise's time limit."""
        for line in self._lines(self._started_at + START_GRACE_S + self._exercise.time_limit_s):
            try:
                event = from_line(line, self._nonce)
            except CourseBug as bug:
                self._trouble = bug.wrong
                return
            self._note(event)
            yield event
            if isinstance(event, SuiteFinished):
                return

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

    @property
    def verdict(self) -> Verdict:
        """What the run came to."""
        if self._is_interrupted:
            ended = {result.id: result for result in self._results}
            return Verdict(
                exercise=self._exercise.path,
                outcome=Outcome.INTERRUPTED,
                results=tuple(
                    ended.get(check) or CheckResult(check, sentence, Outcome.SKIPPED)
                    for check, sentence in self._sentences.items()
                ),
                seconds=round(time.monotonic() - self._started_at, 3),
                run=self._run,
                reason=f"interrupted at: {self._sentences.get(self._running, 'the start')}",
            )
        told = {result.id for result in self._results}
        missing = [check for check in self._sentences if check not in told and not self._is_cut]
        places = {check: place for place, check in enumerate(self._sentences)}
        reason = self._trouble
        if not reason and (missing or not self._sentences):
            reason = f"the grader's report lacks {', '.join(missing) or 'every check'}"
        return Verdict(
            exercise=self._exercise.path,
            outcome=Outcome.BROKEN if reason else _outcome(self._results),
            results=tuple(sorted(self._results, key=lambda result: places[result.id])),
            seconds=round(time.monotonic() - self._started_at, 3),
            run=self._run,
            reason=reason or next((r.reason for r in self._results if r.outcome is Outcome.BROKEN), ""),
        )

    def _note(self, event: CheckEvent) -> None:
        match event:
            case SuiteStarted():
                self._sentences = dict(event.checks)
            case CheckStarted():
                self._running = event.id
            case CheckFinished() if event.result.id in self._sentences:
                self._results.append(event.result)
            case SuiteFinished():
                self._trouble = event.trouble

    def _lines(self, deadline: float) -> Iterator[str]:
        pending = b""
        while True:
            self._told.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                chunk = self._told.recv(65_536)
            except TimeoutError:
                running = self._sentences.get(self._running, "the start")
                self._trouble = f"the checks took longer than {self._exercise.time_limit_s:.0f} s; running: {running}"
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
    Raises CourseBug where the hints cannot be read: a finding may have only the codes that stand there.
    """
    hints = catalogue.hints(places, exercise.path)
    codes = {code: tuple(sorted(named_in(texts))) for code, texts in hints.items()}
    order = Order(places.suite(exercise.path), project.resolve(), run.resolve(), codes, tuple(only))
    ours, theirs = socket.socketpair()
    with ours:
        nonce = secrets.token_hex(16)
        with theirs, (run / "grader.log").open("wb") as log:
            child: Child = Started(order, theirs, log) if forge is None else forge.fork(order, theirs, log)
        grading = Grading(exercise, run, ours, nonce)
        try:
            ours.sendall(nonce.encode() + b"\n")
            yield grading
        except BaseException:
            # Ctrl-C, or `learn check | head`: kept at once, since who is impatient may press it again.
            grading.interrupt()
            with suppress(OSError):
                _save(grading.verdict)
            raise
        finally:
            if grading.is_cut:
                ours.shutdown(socket.SHUT_RDWR)  # nobody listens any more: it must not wait for us to read
            _end(child, run, at_once=grading.is_cut)
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


def _end(child: Child, run: Path, *, at_once: bool) -> None:
    """Have the child stop its servers, or do it in its place."""
    try:
        if at_once or not child.has_ended(END_S):
            child.signal(signal.SIGTERM)
            child.has_ended(STOP_GRACE_S)
    finally:
        if not child.has_ended():
            child.signal(signal.SIGKILL)
            child.has_ended(STOP_GRACE_S)
        Ledger(run / "ledger.jsonl").sweep()


def _save(verdict: Verdict) -> None:
    body = {"v": VERDICT_VERSION, **asdict(verdict), "run": verdict.run.name}
    (verdict.run / "verdict.json").write_text(json.dumps(body, ensure_ascii=False, indent=1), encoding="utf-8")
