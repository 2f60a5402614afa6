"""Whether a process rests: each of its threads sleeps, and none has run between two looks.

A program at rest has done all that it does by itself. On loopback what was sent to it has arrived, and would have woken
it. So "nothing more came" can be said without waiting for a time. Timers of its own are not seen: they wake it later.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar

import psutil

from checker.harness.waiting import wait_until

# What /proc tells of a thread that waits to be woken, and how often it went to sleep (proc_pid_status(5)).
SLEEPS = ("State:\tS", "State:\tZ", "State:\tT")  # or has ended, or was stopped by a signal
RESTING = (psutil.STATUS_SLEEPING, psutil.STATUS_IDLE, psutil.STATUS_ZOMBIE, psutil.STATUS_STOPPED)
SWITCHES = ("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")


# So long all of a family sleep before it is said to rest: what wakes one of them wakes it at once.
REST_S = 2.0
# A server whose loop ticks (uvicorn's does, ten times a second, and the probe looks on) rests all the same.
TICKS_S = 0.05
COUNTED_EVERY_S = 0.5  # looking for children costs more than looking at them
# What comes at all comes by then, nearly always: only after it is the process looked at.
SOON_S = 0.5
LOOK_SOON_S = 0.005

_T = TypeVar("_T")


class Family(Protocol):
    """A process with its children: what rests."""

    @property
    def pid(self) -> int:
        """The first process."""
        ...

    @property
    def children(self) -> list[psutil.Process]:
        """Those it has started, and theirs."""
        ...

    def wait(self, deadline_s: float) -> int | None:
        """Its return code, or None when it still runs at the deadline."""
        ...


class Rest:
    """The rest of a process and its children, for `wait_until(..., unless_ended=Rest(site.process))`.

    A failing check need not wait for a deadline: who has slept for `rest_s` will not answer. A busy machine makes
    nobody rest, since who waits for the processor does not sleep. Not for what the Gate holds: that sleeps, too.
    """

    def __init__(self, process: Family, rest_s: float = REST_S) -> None:
        self._process = process
        self._rest_s = rest_s
        self._since = 0.0
        self._spent_s = -1.0
        self._was_running = False
        self._pids: list[int] = []
        self._counted = 0.0
        self._counted_every_s = min(COUNTED_EVERY_S, rest_s / 4)  # in a short rest, too, a child may be born

    def wait(self, deadline_s: float) -> int | None:
        """0 when they rest, or the return code when the process has ended; None when neither is so at the deadline."""
        returncode = self._process.wait(deadline_s)
        if returncode is not None:
            return returncode
        now = time.monotonic()
        if now - self._counted >= self._counted_every_s:
            self._counted = now
            self._pids = [self._process.pid, *(child.pid for child in self._process.children)]
        spent_s = sum(_spent_s(pid) for pid in self._pids)
        # One look may meet a tick. Who works, or waits for the processor, does so at the next look as well.
        was_running, self._was_running = self._was_running, any(_threads(pid) is None for pid in self._pids)
        is_first = self._spent_s < 0
        if is_first or spent_s - self._spent_s > TICKS_S or (was_running and self._was_running):
            self._since, self._spent_s = now, spent_s
        return 0 if now - self._since >= self._rest_s else None


def wait_unless_resting(process: Family, condition: Callable[[], _T], deadline_s: float) -> _T:
    """The first answer of `condition` that is true; its last at the deadline, or when the process has ended or rests.

    A server that rests has done all that it does by itself. On a busy machine none rests: it has longer there.
    """
    if soon := wait_until(condition, SOON_S, unless_ended=process, every_s=LOOK_SOON_S):
        return soon
    return wait_until(condition, deadline_s, unless_ended=Rest(process))


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
            if not any(line.startswith(SLEEPS) for line in lines):
                return None
            found += [task.name, *(line for line in lines if line.startswith(SWITCHES))]
    return tuple(found)


def _whole(pid: int) -> tuple[str, ...] | None:
    """The same where there is no /proc: by the process as a whole."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        if process.status() not in RESTING:
            return None
        return (str(process.num_ctx_switches()),)
    return ()


def _spent_s(pid: int) -> float:
    """The processor time of a process so far; 0 of one that is gone."""
    with suppress(psutil.Error):
        times = psutil.Process(pid).cpu_times()
        return times.user + times.system
    return 0.0
