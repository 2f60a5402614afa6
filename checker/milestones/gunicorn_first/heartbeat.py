"""The heartbeat of a gunicorn worker: the time stamp of a nameless file that the worker touches and the master reads.

Set back by us, a worker that is stuck has been silent for a long time at once, and no check waits out a timeout.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from checker.harness.gunicorn import master
from checker.harness.site import Site
from checker.harness.waiting import wait_until

# The stamp counts seconds of the monotonic clock, which began when the machine did.
LONG_AGO_S = 1.0
LOOK_EVERY_S = 0.01
CAN_BE_SEEN = sys.platform == "linux"


def last_beat_s(pid: int) -> float | None:
    """The stamp of this worker's heartbeat; None where it cannot be seen, or the worker is gone."""
    with suppress(OSError):
        stamp = _stamp(pid)
        return None if stamp is None else stamp.stat().st_mtime
    return None


def set_back(pid: int) -> bool:
    """Make the last beat of a worker that beats no more a thing of the past; False where that cannot be done."""
    return _set(pid, LONG_AGO_S)


def beat_for(pid: int) -> None:
    """Make now the moment of the last beat of a worker that beats no more."""
    _set(pid, time.monotonic())


def make_look(site: Site) -> None:
    """Have the master look at all heartbeats now. It does so once a second, and whenever one of its children ends."""
    with suppress(ProcessLookupError):
        os.kill(site.pid, signal.SIGCHLD)


def wait_ended(site: Site, pid: int, deadline_s: float) -> bool:
    """Whether the master has ended a worker whose heart stands still: asked to by SIGABRT first, then by SIGKILL."""

    def is_ended() -> bool:
        make_look(site)
        return master.wait_gone(site, frozenset({pid}), 0.0)

    return wait_until(is_ended, deadline_s, unless_ended=site.process)


def wait_beating_on(site: Site, pid: int, deadline_s: float) -> bool:
    """Whether the heart of the only worker beats from now on; False when it has not by the deadline."""
    before = last_beat_s(pid)
    # The main thread of a threaded worker beats once a second, and whenever it has let a visitor in.
    visitor = site.send("/hello/", label=f"{site.name}: wakes the main thread")
    wait_until(lambda: last_beat_s(pid) != before, deadline_s, unless_ended=site.process, every_s=LOOK_EVERY_S)
    visitor.wait_answer(deadline_s)
    return last_beat_s(pid) not in (None, before)


def _set(pid: int, last_beat_s: float) -> bool:
    with suppress(OSError):
        stamp = _stamp(pid)
        if stamp is not None:
            os.utime(stamp, (last_beat_s, last_beat_s))
            return True
    return False


def _stamp(pid: int) -> Path | None:
    """The worker's file, through the descriptor it holds (gunicorn/workers/workertmp.py removes its name at once)."""
    if not CAN_BE_SEEN:
        return None
    descriptors = Path(f"/proc/{pid}/fd").iterdir()
    return next((fd for fd in descriptors if "wgunicorn-" in str(fd.readlink())), None)
