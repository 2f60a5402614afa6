"""What is so of processes and ports at a look, and what has been so for a while."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

from checker.harness.calibration import slowness
from course.shared import leftovers

LOOKS = 10


class Lasting:
    """Whether something has been so at each of many looks for so long: on a busy machine longer."""

    def __init__(self, condition: Callable[[], bool], seconds: float) -> None:
        self._condition = condition
        self._seconds = seconds
        self._look_every_s = seconds / LOOKS
        self._looked_at = self._since = 0.0

    def is_so(self) -> bool:
        """Look once more, if it is time to: a look may cost a walk over all processes of the machine."""
        now = time.monotonic()
        if now - self._looked_at < self._look_every_s:
            return False
        self._looked_at = now
        if not self._condition():
            self._since = 0.0
            return False
        self._since = self._since or now
        return now - self._since >= self._seconds and now - self._since >= self._seconds * slowness()


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
