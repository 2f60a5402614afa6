"""Hears a grader out, and comes to the verdict.

The verdict is the grader's report, held against what it announced and against the checks that there are: an exit code
proves nothing, and a report that is short, late or of other checks is BROKEN, never passed.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from course.errors import CourseBug
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
from course.shared.wire import from_line

START_GRACE_S = 60.0


class Grading:
    """One run of an exercise's checks. `events` once, then `verdict`."""

    def __init__(
        self,
        exercise: Exercise,
        checks: Mapping[str, int],
        run: Path,
        told: socket.socket,
        nonce: str,
        *,
        is_partial: bool = False,
    ) -> None:
        """`checks` are those that have to be told of, each with its number among all of the exercise's."""
        self._exercise = exercise
        self._checks = checks
        self._run = run
        self._told = told
        self._nonce = nonce
        self._is_partial = is_partial
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
            event = self._numbered(event)
            self._note(event)
            yield event
            if isinstance(event, SuiteFinished):
                return
        for late in map(self._numbered, self._late()):
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
        """End the run here: the verdict is what has been told so far, and the servers are stopped at once.

        From any thread: `events` ends too.
        """
        self._is_cut = True
        self._trouble = ""
        with suppress(OSError):  # it has ended already
            self._told.shutdown(socket.SHUT_RD)

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
                    known.get(check) or CheckResult(check, sentence, Outcome.SKIPPED, number=self._checks.get(check, 0))
                    for check, sentence in self._sentences.items()
                ),
                seconds=round(time.monotonic() - self._started_at, 3),
                run=self._run,
                reason=f"interrupted at: {self._sentences.get(self._running, waiting)}",
                is_partial=self._is_partial,
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
            is_partial=self._is_partial,
        )

    def _must_be_expected(self, event: CheckEvent) -> None:
        """Raises CourseBug for what no grader of this exercise tells: somebody else may have spoken in its place."""
        match event:
            case SuiteStarted() if differing := self._checks.keys() ^ dict(event.checks).keys():
                raise CourseBug(f"the grader told of other checks than there are: {', '.join(sorted(differing))}")
            case CheckFinished(CheckResult(id=name)) if any(result.id == name for result in self._results):
                raise CourseBug(f"the grader told twice how {name} ended")

    def _numbered(self, event: CheckEvent) -> CheckEvent:
        """The same, with the check's number: the grader of some checks has counted only those."""
        if not isinstance(event, CheckFinished):
            return event
        return CheckFinished(replace(event.result, number=self._checks.get(event.result.id, 0)))

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


def _outcome(results: list[CheckResult]) -> Outcome:
    """The gravest outcome of a run; skips matter only when nothing failed (then the machine lacks something)."""
    seen = {result.outcome for result in results}
    gravest = (Outcome.BROKEN, Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.SKIPPED)
    return next((outcome for outcome in gravest if outcome in seen), Outcome.PASSED)
