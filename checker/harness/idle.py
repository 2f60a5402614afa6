"""Whether a process rests: each of its threads sleeps, and none has run between two looks.

A program at rest has done all that it does by itself. On loopback what was sent to it has arrived, and would have woken
it. So "nothing more came" can be said without waiting for a time. Timers of its own are not seen: they wake it later.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import psutil

# What /proc tells of a thread that waits to be woken, and how often it went to sleep (proc_pid_status(5)).
SLEEPS = "State:\tS"
SWITCHES = ("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")


def is_idle(pid: int) -> bool:
    """Whether the process rests now. One that is gone does."""
    before = _threads(pid)
    # Threads are looked at one after the other. One that was woken behind our back has slept once more since.
    return before is not None and before == _threads(pid)


def _threads(pid: int) -> tuple[str, ...] | None:
    """What identifies this rest of each thread; None when one of them runs or wants to."""
    tasks = Path(f"/proc/{pid}/task")
    if not tasks.parent.parent.joinpath("self").exists():
        return _whole(pid)
    found = []
    with suppress(OSError):  # gone
        for task in sorted(tasks.iterdir()):
            lines = task.joinpath("status").read_text().splitlines()
            if not any(line.startswith((SLEEPS, "State:\tZ")) for line in lines):
                return None
            found += [task.name, *(line for line in lines if line.startswith(SWITCHES))]
    return tuple(found)


def _whole(pid: int) -> tuple[str, ...] | None:
    """The same where there is no /proc: by the process as a whole."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        if process.status() not in (psutil.STATUS_SLEEPING, psutil.STATUS_IDLE, psutil.STATUS_ZOMBIE):
            return None
        return (str(process.num_ctx_switches()),)
    return ()
