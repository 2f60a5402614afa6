"""What a run has started, watched while it lives, and stopped in reverse."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from typing import Concatenate, ParamSpec, TypeVar

from checker.harness.guard import Guard
from checker.harness.processes import Started, end_orphans, record_left
from checker.harness.run import Run
from checker.harness.site import Site

MOST_STOPPING = 16  # at once

_S = TypeVar("_S", bound=Started)
_P = ParamSpec("_P")


class Stack:
    """What was started, to be stopped in reverse."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._started: list[Started] = []
        self._guard = Guard(run.history)
        self._stoppers = ThreadPoolExecutor(MOST_STOPPING, thread_name_prefix="stop")
        self._stopping: list[Future[None]] = []

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

    def retire(self, server: Started, first: Callable[[], object] | None = None) -> None:
        """Stop one that no check needs any more, while the checks go on. What outlives it is told as ever.

        `first` is done before, in the background too: the stop that a check is about.
        """
        self._started.remove(server)

        def stop() -> None:
            try:
                if first is not None:
                    first()
            finally:
                server.stop()

        self._stopping.append(self._stoppers.submit(stop))

    def stop(self) -> None:
        """Stop all, last first; sites that were started one after the other side by side, since none needs another.

        Each tells what outlived it; what escaped from all of them is told here, and killed.
        """
        self._guard.close()
        with self._stoppers:
            for are_sites, group in groupby(reversed(self.started), lambda one: isinstance(one, Site)):
                for one in group:
                    self.retire(one)
                    if not are_sites:
                        self._wait_retired()
                self._wait_retired()
        record_left(self._run.history, "", end_orphans([os.getpid(), *self._run.nurseries.pids]))

    def _wait_retired(self) -> None:
        while self._stopping:
            self._stopping.pop().result()
