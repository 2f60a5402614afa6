"""Checks that mostly wait, side by side: each is tried on a thread, with desks, a Gate and a history of its own.

All that may pass begin in the lesson's order when the first of them has its turn. A check is judged, by what its trial
came to, when its own turn comes; of one that is skipped nothing is told.
"""

from __future__ import annotations

import functools
import inspect
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Self

import pytest

from checker.checks import needed_by
from checker.harness.events import EventKind
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.picture import Picture
from checker.harness.program import Program
from checker.harness.run import Run
from checker.harness.stack import Stack
from checker.harness.suite import BEGAN, OUTCOME
from checker.stage_1.python_asyncio.desk import Desk
from checker.stage_1.python_asyncio.plan import Plan
from checker.stage_1.python_asyncio.starting import desks
from course.model import Outcome

# More would end no sooner: the longest waits as long as all others together on so many threads.
AT_ONCE = 6
# What the run's own history must know: by these a check, or the whole run, is told.
HANDED_ON = (EventKind.PICTURE_LANES, EventKind.PROCESS_LEFT, EventKind.OPEN_FILES_OUT)

Check = Callable[..., None]


def beside(check: Check) -> Callable[[Trials], None]:
    """Try this check beside the others that are marked so. It may ask for `start`, `gate`, `history` and `picture`."""

    @functools.wraps(check)
    def judged(trials: Trials) -> None:
        trials.judge(check.__name__)

    # What pytest reads: else it would hand over what the check itself asks for.
    judged.__signature__ = inspect.signature(judged, follow_wrapped=False)  # type: ignore[attr-defined]
    return judged


class TrialsOver(Exception):
    """The run has ended before this trial has."""


class Trials:
    """The trials of a run. They end with the block, done or not."""

    def __init__(self, run: Run, stack: Stack, items: Sequence[pytest.Item]) -> None:
        """`items` are all checks that were asked for, with what they need."""
        self._run = run
        self._stack = stack
        self._items = {item.name: item for item in items if isinstance(item, pytest.Function)}
        self._begun: dict[str, tuple[Run, Future[None]]] = {}
        self._pool = ThreadPoolExecutor(AT_ONCE, "trial")
        self._over = threading.Event()

    def judge(self, name: str) -> None:
        """Begin all trials that may pass; wait for the one of this check, and raise what it has raised."""
        for item in self._items.values():
            if self._is_due(item):
                self._begin(item)
        run, ending = self._begun[name]
        try:
            ending.result()
        finally:
            for event in run.history.events(*HANDED_ON):
                self._run.history.record(EventKind(event.kind), **event.facts)
            for log in run.folder.glob("*.log"):
                log.replace(self._run.folder / log.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        for started in self._stack.started:
            if isinstance(started, Program):
                started.send_signal(signal.SIGKILL)  # who still waits for it sees it end
        self._pool.shutdown()
        for run, _ending in self._begun.values():
            run.history.close()

    def _is_due(self, item: pytest.Function) -> bool:
        is_trial = "trials" in item.fixturenames and item.name not in self._begun and OUTCOME not in item.stash
        return is_trial and all(self._may_pass(name) for name in needed_by(item))

    def _may_pass(self, name: str) -> bool:
        outcome = self._items[name].stash.get(OUTCOME, None)
        return name in self._begun if outcome is None else outcome is Outcome.PASSED

    def _begin(self, item: pytest.Function) -> None:
        folder = self._run.folder / item.name
        folder.mkdir()
        history = History(folder / "history.jsonl", self._run.temporary / f"probe-{len(self._begun)}")
        run = replace(self._run, folder=folder, history=history)
        self._begun[item.name] = run, self._pool.submit(self._try, item, run)

    def _try(self, item: pytest.Function, run: Run) -> None:
        item.stash[BEGAN] = run.history.now()
        check = inspect.unwrap(item.function)
        with run.history, Gate(run.history) as gate, desks(run, self._stack, gate) as start:

            def start_unless_over(plan: Plan, upstream_url: str = "") -> Desk:
                desk = start(plan, upstream_url)
                if self._over.is_set():
                    raise TrialsOver
                return desk

            given = {"start": start_unless_over, "gate": gate, "history": run.history, "picture": Picture(run.history)}
            check(**{name: given[name] for name in inspect.signature(check).parameters})
