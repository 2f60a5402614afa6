"""One run of the learner's price desk against the Gate: what it asked, what it told, and why something did not come.

Gives the findings that several checks share; what is promised stands in the checks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, Protocol

from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.program import Program
from checker.harness.task_lines import line_starting, outermost
from checker.stage_1.python_asyncio.blame import Find, line_of_deadline, line_of_task_not_kept
from checker.stage_1.python_asyncio.complaints import CRASHED, DESTROYED, judge_crash, judge_warnings
from checker.stage_1.python_asyncio.patience import STEP_S, quiet_s, wait_while_it_works
from checker.stage_1.python_asyncio.plan import NEVER_S, PRICES, Plan
from checker.stage_1.python_asyncio.stalls import find_stall
from checker.stage_1.python_asyncio.tasks import Tasks, tasks_now
from checker.stage_1.python_asyncio.telling import event
from checker.stage_1.python_asyncio.tracebacks import own_files
from course.model import SourceLine


class Desk:
    """A desk at work. It is told from outside: by its lines on stdout and by its calls at the Gate."""

    def __init__(
        self, program: Program, plan: Plan, gate: Gate, history: History, *, project: Path, tasks_file: Path
    ) -> None:
        self.program = program
        self.plan = plan
        self.started_s = history.now()
        self.gate = gate
        self.history = history
        self.project = project
        self._tasks_file = tasks_file

    # --- what it did ---

    @property
    def told(self) -> list[Mapping[str, Any]]:
        """Its events so far. Lines that are none, such as the learner's own prints, do not count."""
        return [told for line in self.program.lines if (told := event(line)) is not None]

    @property
    def quoted(self) -> dict[str, str]:
        """Each symbol's price, in the order in which they were told."""
        return {str(e.get("symbol")): str(e.get("price")) for e in self.told if e["event"] == "quote"}

    @property
    def failed(self) -> list[str]:
        """The symbols told as failed, in order."""
        return [str(e.get("symbol")) for e in self.told if e["event"] == "failed"]

    @property
    def beats(self) -> int:
        """How many beats its heart has made."""
        return sum(e["event"] == "beat" for e in self.told)

    @property
    def has_told_end(self) -> bool:
        """run() has returned."""
        return any(e["event"] == "end" for e in self.told)

    @property
    def has_ended(self) -> bool:
        """The process is gone."""
        return self.program.process.returncode is not None

    @property
    def tasks_left(self) -> list[str]:
        """The coroutines whose tasks had not ended when run() had returned."""
        return next(([str(task) for task in e["tasks_left"]] for e in self.told if e["event"] == "end"), [])

    @property
    def forgot_a_task(self) -> bool:
        """A task was thrown away in the middle of its work, or a call was still open when run() had returned."""
        return DESTROYED in self.program.errors or "fetch" in self.tasks_left

    def tasks_now(self) -> Tasks:
        """Where its tasks wait now. To be asked before `judge_trouble`, which ends it."""
        return tasks_now(self.program, self._tasks_file, self.project)

    def asked(self, symbol: str) -> int:
        """How often the upstream was asked for it."""
        return sum(e["tag"] == symbol for e in self.history.events(EventKind.GATE_ARRIVED, since=self.started_s))

    # --- traffic ---

    def wait_until(self, condition: Callable[[], bool]) -> bool:
        """True as soon as `condition`, looked at with each call at the Gate; False when nothing can come any more.

        That is when the desk has ended, or rests though each clock of its plan is over (patience.py).
        """
        return wait_while_it_works(self, condition, lambda step_s: self.gate.wait_until(condition, step_s))

    def wait_heard(self, condition: Callable[[], bool]) -> bool:
        """As `wait_until`, looked at with each line it tells."""
        return wait_while_it_works(self, condition, lambda step_s: self.program.wait_for(lambda _: condition(), step_s))

    def wait_end(self) -> bool:
        """As `wait_until`: its process is gone, and all that it told is read."""
        return wait_while_it_works(self, lambda: self.has_ended, lambda step_s: self.program.wait(step_s) is not None)

    def wait_called(self, symbol: str) -> bool:
        """The upstream has been asked for it, once or more; waits for it."""
        return self.wait_until(lambda: self.asked(symbol) > 0)

    def wait_made(self, count: int) -> bool:
        """So many calls have been made in all; waits for it."""
        return self.wait_until(lambda: self.gate.arrived >= count)

    def settle(self) -> None:
        """Return when it has made every call that it makes without another answer, and all of them are counted."""
        self.gate.wait_settled()
        self.program.wait_idle()
        self.gate.wait_settled()

    def answer(self, symbol: str) -> None:
        """The upstream answers with the price."""
        self.gate.release(symbol, body=PRICES[symbol])

    def wait_told(self, symbol: str) -> bool:
        """Its price is told; one that is wrong, or told twice, ends the check."""
        if not self.wait_heard(lambda: symbol in self.quoted or symbol in self.failed):
            return False
        if symbol not in self.quoted:
            judge_warnings(self.program, self.project, f"{symbol} has its price")
            self._fail_as_told_as_failed([symbol])
        self.expect_told_right(symbol)
        return True

    def expect_told_right(self, symbol: str) -> None:
        """Its price was told once, as it came."""
        lines = [e for e in self.told if e["event"] == "quote" and e.get("symbol") == symbol]
        if [e.get("price") for e in lines] != [PRICES[symbol]]:
            wanted = json.dumps({"event": "quote", "symbol": symbol, "price": PRICES[symbol]}) + ", once"
            fail("wrong-answer", wanted=wanted, saw="\n  ".join(json.dumps(e) for e in lines[:3]) or "no such line")

    def expect_price(self, symbol: str, wanted: str) -> None:
        """The upstream answers, and the price must be told."""
        self.answer(symbol)
        if not self.wait_told(symbol):
            tasks = self.tasks_now()
            self.judge_trouble(wanted)
            saw = f"{symbol} has answered, but its price was not told"
            fail("told-at-the-end", wanted=wanted, saw=saw, where=tasks.run_alone)

    # --- what became of it ---

    def judge_trouble(self, wanted: str, *, error_code: str = "program-crashed") -> None:
        """End the check when the desk crashed, ended without its work, or its loop stands still; else return."""
        if self.has_ended:
            self.program.wait(STEP_S)
            judge_warnings(self.program, self.project, wanted)
            if CRASHED in self.program.errors:
                judge_crash(self.program, self.project, wanted, error_code)
            saw = f"it ended, and had told {_these(self.quoted)} as priced and {_these(self.failed)} as failed"
            fail("ended-early", wanted=wanted, saw=saw, where=self.blame(line_of_task_not_kept))
        if (stall := find_stall(self.program, self.project)) is not None:
            saw = f"the event loop stood still in {_line(stall.place)}, which waited in {stall.inside}"
            fail("loop-blocked", wanted=wanted, saw=saw, where=stall.place)

    def expect_end(self, wanted: str, *, failed: Collection[str] = (), error_code: str = "program-crashed") -> None:
        """It ends now, by itself and tidily, and names exactly these symbols as failed."""
        if not self.wait_end():
            prices = f"{len(self.quoted)} of {len(self.plan.symbols)} prices and {len(self.failed)} failures told"
            still_open = self.gate.held
            tasks = self.tasks_now()
            self.judge_trouble(wanted)
            if still_open:
                self._fail_as_never_gave_up(still_open[0], tasks)
            saw = f"{prices}, and {quiet_s(self):.0f} s after the last of them it still ran, with no call open"
            fail("does-not-end", wanted=wanted, saw=saw, where=tasks.endless)
        last = next((e for e in self.told if e["event"] == "end"), None)
        if last is None:
            self.judge_trouble(wanted, error_code=error_code)
        else:
            self._judge_end(wanted, last, failed)

    def expect_tidy(self, wanted: str) -> None:
        """Nothing on its stderr tells of a task or coroutine that was left to itself."""
        self.program.wait(STEP_S)
        judge_warnings(self.program, self.project, wanted)

    def expect_nothing_left(self) -> None:
        """No task was still there when run() had returned. A check of its own: other checks have other news."""
        if self.tasks_left:
            wanted = "when run() returns, every task it has started has ended"
            # Of tasks that have started others only the first is named: the same cause in all checks is told once.
            task = outermost(self.project, own_files(self.project), self.tasks_left)
            saw = f"run() has returned, and a task of {task} was still there"
            fail("task-left", wanted=wanted, saw=saw, where=self.line_starting(task), facts={"task": task})

    def line_starting(self, coroutine: str) -> SourceLine | None:
        """The learner's line that makes a task of this coroutine, by its qualified name."""
        return line_starting(self.project, own_files(self.project), coroutine)

    def blame(self, find: Find) -> SourceLine | None:
        """The line that `find` names in the learner's own files."""
        return find(self.project, own_files(self.project))

    def _fail_as_never_gave_up(self, symbol: str, tasks: Tasks) -> NoReturn:
        saw = f"{symbol} was never given up: its call {self.asked(symbol)} stayed open"
        if self.plan.deadline_s < NEVER_S:
            wanted = "at the deadline, counted from the start of run(), open calls are given up"
            fail("deadline-not-kept", wanted=wanted, saw=saw, where=self.blame(line_of_deadline))
        wanted = f"with --timeout {self.plan.timeout_s:g}, each call without an answer is given up"
        fail("waits-for-ever", wanted=wanted, saw=saw, where=tasks.call)

    def _fail_as_told_as_failed(self, symbols: Sequence[str]) -> NoReturn:
        reasons = [f"{e['symbol']}: {e['reason'] or 'no reason'}" for e in self.told if e.get("symbol") in symbols]
        wanted = f"{symbols[0]}, whose upstream answered in time, has its price"
        fail("told-as-failed", wanted=wanted, saw=f"told as failed: {'; '.join(reasons)[:200]}")

    def _judge_end(self, wanted: str, last: Mapping[str, Any], failed: Collection[str]) -> None:
        if lost := [s for s in self.plan.symbols if s not in failed and s not in self.quoted and s not in self.failed]:
            judge_warnings(self.program, self.project, wanted)
            saw = f"run() returned before {_these(lost)} had been told"
            fail("ended-early", wanted=wanted, saw=saw, where=self.blame(line_of_task_not_kept))
        judge_warnings(self.program, self.project, wanted)
        if wrong := [symbol for symbol in self.failed if symbol not in failed]:
            self._fail_as_told_as_failed(wrong)
        for symbol in sorted(failed):
            if (count := self.failed.count(symbol)) != 1:
                saw = f"nothing was told of {symbol}" if not count else f"it was told {count} times"
                fail("failure-not-told", wanted=f"report.failed() tells {symbol}, once", saw=saw)
        returned = sorted(str(symbol) for symbol in last["failed"])
        if returned != sorted(failed):
            wanted = f"run() returns the failed symbols, {_these(sorted(failed))}" if failed else "run() returns []"
            fail("failure-not-returned", wanted=wanted, saw=f"it returned {_these(returned)}")


class Start(Protocol):
    """Start a desk on an order."""

    def __call__(self, plan: Plan, upstream_url: str = "") -> Desk:
        """With the Gate as its upstream, or the one at this address."""
        ...


def _line(place: SourceLine) -> str:
    return f"{place.file}:{place.line} {place.function}()"


def _these(names: Collection[str]) -> str:
    return ", ".join(names) or "none"
