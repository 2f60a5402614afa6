"""A grader in reserve, for `learn watch`: forked between two runs, it has collected the checks before a file is saved.

So a save waits neither for pytest's start nor for its look at the check files. Nothing of a run is there before the
order comes: no socket, no folder, no thread.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NoReturn

import pytest

from checker import session
from checker.grader import Order, reporter, running

READY = b"ready"
READY_WITHIN_S = 10.0


class Reserve:
    """The forge's side: who waits, and for which checks."""

    def __init__(self, suite: Path) -> None:
        """Not forked yet."""
        self.pid = 0
        self.suite = suite
        self._files = _files(suite)
        self.ours, self.theirs = socket.socketpair()
        self.ours.settimeout(READY_WITHIN_S)

    def close(self) -> None:
        """The forge's end of it: who waits for an order ends then."""
        self.ours.close()

    def takes(self, suite: Path, line: bytes, descriptors: Sequence[int]) -> bool:
        """Hand it an order. False when it has collected something else, or has ended.

        One that still collects is waited for: a new grader would have to begin with that.
        """
        if suite != self.suite or _files(suite) != self._files:
            return False
        with suppress(OSError):  # it has ended
            return self.ours.recv(len(READY)) == READY and socket.send_fds(self.ours, [line], descriptors) == len(line)
        return False


class Waiting:
    """The grader's side: a pytest plugin that waits when the checks are collected."""

    def __init__(self, reserve: Reserve, wait_order: Callable[[socket.socket], Order | None]) -> None:
        """`wait_order` reads from the socket; None when no order comes any more."""
        self._reserve = reserve
        self._wait_order = wait_order
        self._run = ExitStack()

    def grade(self) -> int:
        """Collect, wait, grade. What is wrong before there is an order ends this process: the next grader tells it."""
        suite = self._reserve.suite
        try:
            plugins = session.fixtures_of(suite)
        except BaseException:  # noqa: BLE001  an author's module may raise anything
            _end()
        with self._run:
            return session.main(suite, [*plugins, self])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A check file that cannot be read."""
        if report.failed:
            _end()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Wait for the order; from here on this is a grader as any other."""
        with self._reserve.theirs as orders:
            orders.send(READY)
            order = self._wait_order(orders)
        if order is None:
            _end()
        run, tell = self._run.enter_context(running(order))
        tells = reporter(order, run, tell)
        for plugin in (session.begun(order.suite, run), tells):
            config.pluginmanager.register(plugin)
        tells.pytest_collection_modifyitems(config, items)  # who comes in the midst of a hook is not called by it


def _files(suite: Path) -> dict[str, int]:
    """An author may write on the checks that have been collected."""
    found = {}
    for file in suite.glob("*.py"):
        with suppress(FileNotFoundError):  # an editor that saves has just moved it
            found[file.name] = file.stat().st_mtime_ns
    return found


def _end() -> NoReturn:
    os._exit(1)
