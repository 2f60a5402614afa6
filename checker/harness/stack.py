"""What a run has started, watched while it lives, and stopped in reverse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, TypeVar

from checker.harness.guard import Guard
from checker.harness.processes import Started, end_orphans, record_left
from checker.harness.run import Run

_S = TypeVar("_S", bound=Started)
_P = ParamSpec("_P")


class Stack:
    """What was started, to be stopped in reverse."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._started: list[Started] = []
        self._guard = Guard(run.history)

    @property
    def started(self) -> Sequence[Started]:
        """What has been started and not been stopped, the first one first."""
        return tuple(self._started)

    def start(self, starter: Callable[Concatenate[Run, _P], _S], *arguments: _P.args, **options: _P.kwargs) -> _S:
        """Start one more; it is watched from now on."""
        server = starter(self._run, *arguments, **options)
        self._started.append(server)
        self._guard.watch(server)
        return server

    def starter(self, starter: Callable[Concatenate[Run, _P], _S]) -> Callable[_P, _S]:
        """The same starter for whoever has no run: what it starts is one of these."""

        def start(*arguments: _P.args, **options: _P.kwargs) -> _S:
            return self.start(starter, *arguments, **options)

        return start

    def stop(self) -> None:
        """Stop all, last first. Each tells what outlived it; what escaped from all of them is told here, and killed."""
        self._guard.close()
        while self._started:
            self._started.pop().stop()
        record_left(self._run.history, "", end_orphans())
