"""Where the tasks of a desk wait, as the probe inside it tells: the learner's line that keeps a desk from going on.

A line is given only when no other could be meant; else the finding stays without one.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from checker.harness.program import Program
from checker.harness.waiting import wait_until
from checker.stage_1.python_asyncio.tracebacks import own_line
from course.model import SourceLine

TOLD_DEADLINE_S = 2.0
MOST_CHARACTERS = 1_000_000
# What a task may wait in, by file and function: the answer of an upstream, a turn, the next beat, a thread.
CALL = ("upstream.py", "fetch")
TURN = ("locks.py", "acquire")
PAUSE = ("tasks.py", "sleep")
# A heart that waits for its end, but no longer than to the next beat.
TIMED = frozenset({("tasks.py", "wait_for"), ("locks.py", "wait")})
JOIN = ("queues.py", "join")
GROUP = ("taskgroups.py", "__aexit__")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One task: the learner's lines through which it waits, outermost first, and the functions it waits in."""

    coroutine: str
    own: tuple[SourceLine, ...]
    inside: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Tasks:
    """All tasks of a desk at one moment. `main` awaits run()."""

    main: tuple[Waiting, ...] = ()
    others: tuple[Waiting, ...] = ()

    @classmethod
    def of(cls, waiting: Iterable[Waiting]) -> Self:
        """Parted by the coroutine of the given __main__.py."""
        every = tuple(waiting)
        main = tuple(task for task in every if task.coroutine == "main" and ("__main__.py", "main") in task.inside)
        return cls(main, tuple(task for task in every if task not in main))

    @property
    def run(self) -> SourceLine | None:
        """Where the work of the order waits, be it in run itself or in what it awaits."""
        return _innermost(self.main)

    @property
    def call(self) -> SourceLine | None:
        """The line that waits for an upstream's answer."""
        return _innermost([task for task in (*self.main, *self.others) if CALL in task.inside])

    @property
    def turn(self) -> SourceLine | None:
        """The line that waits for a turn."""
        return _innermost([task for task in self.others if TURN in task.inside])

    @property
    def odd(self) -> SourceLine | None:
        """The line of a task beside run() that waits for neither an upstream, nor a turn, nor the next beat."""
        return _innermost(self._beside(CALL, TURN, PAUSE))

    @property
    def run_alone(self) -> SourceLine | None:
        """The line in which run() waits, when no other task waits but for its upstream and for the next beat."""
        return None if self._beside(CALL, PAUSE) else self.run

    @property
    def before_calls(self) -> SourceLine | None:
        """The line that keeps any call from being made: that of the tasks, or else of run() itself."""
        beside = self._beside(PAUSE)
        return _innermost(beside) if beside else next((task.own[0] for task in self.main if task.own), None)

    @property
    def waited_for(self) -> SourceLine | None:
        """The line that is waited for with no call open: of a task in run()'s group, else of run() itself."""
        return self.odd if any(GROUP in task.inside for task in self.main) else self.run

    @property
    def endless(self) -> SourceLine | None:
        """The line that waits on when no call is open: run() for its queue, a task for something, or for a beat."""
        joining = [task for task in self.main if JOIN in task.inside]
        return _innermost(joining or self._beside(PAUSE) or self.others or self.main)

    def _beside(self, *usual: tuple[str, str]) -> list[Waiting]:
        return [task for task in self.others if task.inside.isdisjoint(usual)]


def tasks_now(program: Program, file: Path, project: Path) -> Tasks:
    """All tasks where they wait now, told to `file`; none when the program has ended or does not tell."""
    file.unlink(missing_ok=True)
    program.wait_idle(TOLD_DEADLINE_S)
    program.send_signal(signal.SIGUSR1)
    wait_until(file.exists, TOLD_DEADLINE_S, unless_ended=program.process)
    # Whoever runs there may write to this file too: what is no list of tasks tells nothing.
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        told: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8")[:MOST_CHARACTERS])
        return Tasks.of([_waiting(str(task["coroutine"]), task["frames"], project) for task in told])
    return Tasks()


def _waiting(coroutine: str, frames: Collection[tuple[str, int, str]], project: Path) -> Waiting:
    lines = (own_line(file, number, function, project) for file, number, function in frames)
    inside = frozenset((Path(file).name, function) for file, _, function in frames)
    if inside >= TIMED:
        inside |= {PAUSE}
    return Waiting(coroutine, tuple(line for line in lines if line is not None), inside)


def _innermost(tasks: Collection[Waiting]) -> SourceLine | None:
    """The innermost line of the learner's of all these tasks; None when they have none, or not the same."""
    lines = {task.own[-1] for task in tasks if task.own}
    return lines.pop() if len(lines) == 1 else None
