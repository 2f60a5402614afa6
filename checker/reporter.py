"""The pytest plugin that turns a check file's run into CheckEvents. The only place that knows both worlds."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from checker.cause import cause
from checker.checks import AuthorsFault, needed_by, sentences, wanted
from checker.harness.calibration import STANDSTILL_S, Calibration
from checker.harness.conversation import conversation
from checker.harness.events import EventKind
from checker.harness.findings import Inconclusive, NotYet
from checker.harness.lines import whole_statement
from checker.harness.memory import MOST_BYTES
from checker.harness.open_files import lacking, record_if_out
from checker.harness.picture import drawn
from checker.harness.probed import silence
from checker.harness.run import Run
from checker.harness.suite import BEGAN, OUTCOME
from checker.harness.timeline import timeline
from course.errors import MachineLacks
from course.model import (
    LEFT_RUNNING,
    LEFT_RUNNING_SENTENCE,
    CheckEvent,
    CheckFinished,
    CheckResult,
    CheckStarted,
    Finding,
    Outcome,
    SuiteFinished,
    SuiteStarted,
)
from course.pictures import Conversation
from course.shared.facts import known_of

PARTS_FROM_ROOMS = 4  # checker/stage_1/gateways/test_gateways.py


class Reporter:
    """Tells each check's beginning and end; decides nothing that the check did not say."""

    def __init__(
        self,
        run: Run,
        tell: Callable[[CheckEvent], None],
        suite: Path,
        *,
        only: Sequence[str] = (),
        codes: Mapping[str, Sequence[str]],
    ) -> None:
        """`only` names the checks to run, or none. `codes`: the diagnoses with hints, and the facts that these use."""
        self._run = run
        self._tell = tell
        self._suite = suite
        self._only = only
        self._codes = codes
        self._trouble = ""
        self._calibration = Calibration()
        self._started_at = run.history.now()
        self._check_at = self._began_at = self._judged_at = self._started_at
        self._seconds = 0.0
        self._error: BaseException | None = None
        self._is_out_of_memory = False
        self._outcomes: dict[str, Outcome] = {}
        self._sentences: dict[str, str] = {}
        threading.excepthook = self._on_error_of_thread

    # --- pytest's hooks, in the order in which they come ---

    def pytest_exception_interact(self, node: pytest.Item | pytest.Collector, call: pytest.CallInfo[object]) -> None:
        """A check file that cannot be read: none of its checks is known."""
        if isinstance(node, pytest.Collector) and call.excinfo is not None:
            self._in_trouble(call.excinfo.value)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave the checks that are wanted; none of them when a fault makes the suite another one than its author's."""
        chosen: list[pytest.Item] = []
        if not self._trouble:
            try:
                chosen = wanted(items, self._only, self._suite)
                self._sentences = sentences(chosen, self._suite)
            except AuthorsFault as fault:
                self._trouble = str(fault)
                chosen = []
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen

    def pytest_collection_finish(self) -> None:
        """All checks are known: tell them."""
        if self._sentences:
            self._sentences[LEFT_RUNNING] = LEFT_RUNNING_SENTENCE
            self._tell(SuiteStarted(checks=tuple(self._sentences.items())))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """One check, from its fixtures to its end."""
        self._tell(CheckStarted(id=item.name))
        self._check_at = self._run.history.record(EventKind.CHECK_STARTED, check=item.name).t
        self._error, self._seconds, self._is_out_of_memory = None, 0.0, False
        done = yield
        self._began_at = item.stash.get(BEGAN, self._check_at)
        result = self._told(self._result(item.name), "/".join(item.path.parts[-PARTS_FROM_ROOMS:]))
        self._outcomes[item.name] = item.stash[OUTCOME] = result.outcome
        self._run.history.record(EventKind.CHECK_ENDED, check=item.name, outcome=result.outcome)
        self._tell(CheckFinished(result=result))
        return done

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip a check whose needs were not met, before its fixtures start anything."""
        for needed in needed_by(item):
            if self._outcomes.get(needed) is not Outcome.PASSED:
                pytest.skip(f"needs: {self._sentences[needed]}")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep the first error of set-up, check or tear-down."""
        if call.when != "teardown":
            # Servers that start before a check are no part of its time, unless it ends there.
            if call.when == "call" or call.excinfo is not None:
                self._seconds += call.duration
            self._judged_at = self._run.history.now()
        if call.excinfo is not None and self._error is None:
            self._error = call.excinfo.value
            if isinstance(self._error, MemoryError):
                traceback.clear_frames(call.excinfo.tb)  # else pytest would keep what was too much
        return (yield)

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Pytest itself, or one of these hooks, has come to grief."""
        self._in_trouble(excinfo.value)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """All servers are stopped: tell what was left running."""
        if self._sentences:
            self._tell(CheckStarted(id=LEFT_RUNNING))
            self._tell(CheckFinished(result=self._told(self._left_running(), "checker/reporter.py")))
        self._calibration.close()
        trouble = self._trouble or ("" if self._sentences else "the check file holds no check")
        self._tell(SuiteFinished(seconds=self._run.history.now() - self._started_at, trouble=trouble))

    def _on_error_of_thread(self, arguments: threading.ExceptHookArgs) -> None:
        if isinstance(arguments.exc_value, MemoryError):
            self._is_out_of_memory = True  # whatever the check sees of it, it is not the learner's fault
        threading.__excepthook__(arguments)

    def _in_trouble(self, error: BaseException) -> None:
        self._trouble = self._trouble or cause(error, self._suite)
        traceback.print_exception(error)  # to the grader's log

    # --- from an ending to a result ---

    def _result(self, check: str) -> CheckResult:
        outcome, finding, reason = self._judged(self._error)
        history, since = self._run.history, self._check_at
        lanes, charts = drawn(history, since=since)
        talk = None
        if lanes is None and outcome is not Outcome.SKIPPED:
            if outcome is Outcome.PASSED:  # else the timeline goes first: it waits for what a probe has yet to tell
                talk = self._talk()
            if talk is None:
                lanes = timeline(history, since=since, until=self._judged_at)
                talk = self._talk()
        if lanes is not None and not lanes.rows:
            lanes = None  # the check has said that no picture helps
        return CheckResult(
            id=check,
            sentence=self._sentences[check],
            outcome=outcome,
            seconds=round(self._seconds, 3),
            finding=finding,
            reason=reason,
            timeline=lanes if talk is None else None,
            charts=charts,
            conversation=talk,
        )

    def _talk(self) -> Conversation | None:
        history, since = self._run.history, self._check_at
        if history.events(EventKind.LOOP_STALLED, since=since):
            return None  # bars say more
        return conversation(history, since=since, until=self._judged_at)

    def _told(self, result: CheckResult, file: str) -> CheckResult:
        """The same; BROKEN when its finding would leave the learner without a hint, or with one that lacks a word."""
        finding = result.finding
        if finding is None:
            return result
        if finding.code not in self._codes:
            reason = f"{file}: {result.id} gives {finding.code!r}, which has no hints in a hints.toml"
        elif missing := set(self._codes[finding.code]) - known_of(finding).keys():
            lacking = ", ".join(sorted(missing))
            reason = f"{file}: {result.id} gives {finding.code!r}, whose hints use a fact that it lacks: {lacking}"
        else:
            place = finding.where and whole_statement(self._run.project, finding.where)
            return replace(result, finding=replace(finding, where=place))
        return replace(result, outcome=Outcome.BROKEN, finding=None, reason=reason)

    def _judged(self, error: BaseException | None) -> tuple[Outcome, Finding | None, str]:
        record_if_out(self._run.history, error)
        if self._is_out_of_memory or isinstance(error, MemoryError):
            return Outcome.BROKEN, None, f"this check took more than {MOST_BYTES // 1024**3} GiB of memory"
        match error:
            case None:
                silent = silence(self._run.history, since=self._check_at)
                return (Outcome.FAILED, silent, "") if silent else (Outcome.PASSED, None, "")
            case pytest.skip.Exception():
                return Outcome.SKIPPED, None, error.msg or ""
            case _ if lacks := lacking(self._run.history):
                return Outcome.SKIPPED, None, lacks
            case NotYet():
                standstill_s = self._calibration.standstill_s(since=self._began_at)
                if standstill_s >= STANDSTILL_S:
                    return Outcome.INCONCLUSIVE, error.finding, f"this machine stood still for {standstill_s:.0f} s"
                return Outcome.FAILED, error.finding, ""
            case MachineLacks():
                return Outcome.SKIPPED, None, " ".join(filter(None, [error.wrong, error.remedy]))
            case Inconclusive():
                return Outcome.INCONCLUSIVE, None, str(error)
            case _:
                frames = "".join(traceback.format_exception(error)[-4:])
                return Outcome.BROKEN, None, f"{cause(error, self._suite)}\n{frames}"

    def _left_running(self) -> CheckResult:
        left = [event["command"] for event in self._run.history.events(EventKind.PROCESS_LEFT)]
        finding = None
        if left:
            finding = Finding(
                code="left-running",
                wanted="when your servers stop, every process they started stops too",
                saw="left running: " + "; ".join(str(command)[:160] for command in left[:3]),
            )
        outcome = Outcome.FAILED if left else Outcome.PASSED
        return CheckResult(id=LEFT_RUNNING, sentence=LEFT_RUNNING_SENTENCE, outcome=outcome, finding=finding)
