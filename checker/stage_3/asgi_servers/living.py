"""What is so of processes and ports at a look, and what has been so for a while."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

from checker.harness.calibration import slowness
from course.shared import leftovers


class Lasting:
    """Whether something has been so at each look for so long: on a busy machine longer."""

    def __init__(self, condition: Callable[[], bool], seconds: float) -> None:
        self._condition = condition
        self._seconds = seconds * slowness()
        self._since = 0.0

    def is_so(self) -> bool:
        """Look once more."""
        if not self._condition():
            self._since = 0.0
            return False
        self._since = self._since or time.monotonic()
        return time.monotonic() - self._since >= self._seconds


def tidies(child: psutil.Process) -> bool:
    """Whether this is multiprocessing's own, which serves nobody; one that is gone does not either."""
    with suppress(psutil.Error):
        return any("resource_tracker" in word for word in child.cmdline())
    return True


def is_open(port: int) -> bool:
    """Whether somebody takes a connection there. To look it up, as a site does, costs a hundred times as much."""
    with socket.socket() as visitor:
        return visitor.connect_ex(("127.0.0.1", port)) == 0


def lives(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    with suppress(psutil.NoSuchProcess):
        return leftovers.lives(psutil.Process(pid))
    return False
