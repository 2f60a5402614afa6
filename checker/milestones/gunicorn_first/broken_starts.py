"""Starts that must fail: one variable is missing or senseless, and gunicorn should end and say which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from checker.harness import tracebacks
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.learner_files import expect_python
from checker.harness.lines import line_with
from checker.harness.run import Run
from checker.harness.site import SelfBound
from checker.harness.waiting import wait_until
from checker.milestones.gunicorn_first import exits
from checker.milestones.gunicorn_first.configuration import (
    CONF,
    ONE_WORKER,
    SETTINGS,
    SURE_S,
    Starter,
    start_gunicorn,
    variables,
)
from course.model import SourceLine

START_DEADLINE_S = 60.0
# gunicorn gives up when a worker cannot boot, and starts one that ended otherwise again and again.
RESTARTS = 3
READERS = (SETTINGS, CONF)
QUOTABLE = 40  # of the log's last lines; the words of a worker that is replaced are in it again and again
GUNICORNS = re.compile(r"\[\d{4}-\d\d-\d\d .*\] \[\d+\] \[[A-Z]+\] ")
# gunicorn 27, arbiter.py, reap_workers: only the codes 3 and 4 of a worker end the master.
RAISE = (
    "raise an exception in place of sys.exit: gunicorn replaces a worker that exits, "
    "and ends when one cannot import the application"
)
# Nothing raises by itself for these: no text, a number with a fraction for int(float(...)), a whole number.
TAKEN_VALUES = ("", "2.5", "0")


@dataclass(frozen=True, slots=True)
class BrokenStart:
    """A start with one variable missing or senseless."""

    variable: str
    value: str | None
    site: SelfBound
    folder: Path

    @property
    def words(self) -> str:
        """The variable as it was."""
        if self.value is None:
            return f"no {self.variable}"
        return f"{self.variable}={self.value}" if self.value else f"an empty {self.variable}"

    def expect_failed(self) -> None:
        """End the check unless gunicorn has ended, and named the variable."""
        facts = {"variable": self.variable, "start": self.words}
        wanted = f"with {self.words} gunicorn ends at once, and its last words name {self.variable}"
        if self._wait_answers():
            saw = f"it started, and answered /hello/, with {self.words}"
            code = "value-taken" if self.value in TAKEN_VALUES else "starts-anyway"
            fail(code, wanted=wanted, saw=saw, where=self._line, facts=facts)
        if self.site.process.returncode is None:
            saw = self._quoting("it starts its workers again and again")
            where = self._exit or self._line
            fail("restarts-forever", wanted=wanted, saw=saw, where=where, next=RAISE, facts=facts)
        self.site.process.log.wait_end(SURE_S)
        saw = ""
        if self.variable not in self.site.process.log.text:
            saw = "it ended, and what it said does not name it"
        elif self.site.process.returncode == 0:
            saw = "it ended with exit code 0, as if all were well"
        if saw:
            where = self._error or self._exit or self._line
            if where is not None:
                expect_python(self.folder, where.file)  # else a traceback cannot show its line, which has the name
            fail("silent-failure", wanted=wanted, saw=self._quoting(saw), where=where, facts=facts)

    @property
    def _line(self) -> SourceLine | None:
        """The learner's line that reads the variable; None when none names it."""
        return next((place for file in READERS if (place := line_with(self.folder, file, self.variable))), None)

    @property
    def _error(self) -> SourceLine | None:
        """The learner's line that raised."""
        error = tracebacks.first(self.site.process.log.text, self.folder, self.site.run.given)
        return error.where if error else None

    @property
    def _exit(self) -> SourceLine | None:
        """The learner's line that ends the process itself: what it says is in the log, else it is near the variable."""
        return exits.spoken(self.folder, READERS, self.site.process.log.text) or exits.near(
            self.folder, READERS, self.variable
        )

    def _quoting(self, saw: str) -> str:
        """The same, with the lines of the log that tell why: the error, else the last words that are not gunicorn's."""
        error = tracebacks.first(self.site.process.log.text, self.folder, self.site.run.given)
        own = [line for line in self.site.process.log.last_lines(QUOTABLE) if not GUNICORNS.match(line)]
        told = [error.error] if error else list(dict.fromkeys(own))[-2:]
        if not told:
            return f"{saw}, and the log has no words but gunicorn's own"
        return "\n".join([f"{saw}:", *(f"  {line.strip()}" for line in told)])

    def _wait_answers(self) -> bool:
        """Whether it serves; waits until it does, has ended, or has restarted its workers a few times."""
        process = self.site.process

        def restarts() -> bool:
            return process.log.text.count("exited with code") >= RESTARTS

        if not wait_until(lambda: self.site.listens() or restarts(), START_DEADLINE_S, unless_ended=process):
            return False
        hello = self.site.send("/hello/", label=f"hello, {self.words}")
        wait_until(lambda: hello.wait_answer(0) or restarts(), START_DEADLINE_S, unless_ended=process)
        return hello.wait_answer(0) is not None


def start_broken(start: Starter, run: Run, gate: Gate) -> list[BrokenStart]:
    """All of them, side by side."""
    cases: Sequence[tuple[str, str | None]] = (
        ("SECRET_KEY", None),
        ("SECRET_KEY", ""),
        ("THEATRE_TIMEOUT_S", "soon"),
        ("WORKER_TIMEOUT_S", "2.5"),  # a number, and int(float(...)) would take it
        ("WORKER_TIMEOUT_S", "0"),  # gunicorn's own word for: never look at the heartbeat
    )

    def begin(name: str, variable: str, value: str | None) -> BrokenStart:
        environment = variables(gate, **{variable: value})
        site = start_gunicorn(start, run, name, environment, folder=run.project, arguments=ONE_WORKER)
        return BrokenStart(variable, value, site, run.project)

    return [begin(f"broken-{number}", *case) for number, case in enumerate(cases, 1)]
