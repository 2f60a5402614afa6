"""What the kernel knows of a thread: how long it computed, how long it queued for a processor, whether it sleeps.

Linux only. Elsewhere there is no account, and evidence.py falls back to what can be seen without one. All calls keep
the GIL, so that what several of them tell is true of one moment.
"""

from __future__ import annotations

import ctypes
import resource
import time
from _thread import get_ident, get_native_id
from collections.abc import Callable
from os import O_CLOEXEC, O_RDONLY
from time import clock_gettime
from typing import NamedTuple

CONTENT_BYTES = 1024

_getrusage = resource.getrusage
_THIS_THREAD: int | None = getattr(resource, "RUSAGE_THREAD", None)

# Called as Python's own functions are, with the GIL kept: os.read lets go of it, and the loop would run on in between.
_libc = ctypes.PyDLL(None)


class Account(NamedTuple):
    """A thread's dealings with the scheduler since its birth."""

    queued_s: float  # ready to run, and no processor free: the machine's fault
    turns: int  # how often it got a processor: does not grow while the thread lies in one sleep
    asleep: bool


class Thread:
    """The thread that makes this object. May be asked about from any thread, also after its end."""

    def __init__(self) -> None:
        folder = f"/proc/self/task/{get_native_id()}"
        self._schedule = f"{folder}/schedstat".encode()
        self._status = f"{folder}/stat".encode()
        self._buffer = ctypes.create_string_buffer(CONTENT_BYTES)
        # Asked for here and now: for a thread that has ended the answer is undefined. Not on macOS.
        clock_of: Callable[[int], int] | None = getattr(time, "pthread_getcpuclockid", None)
        self._clock = None if clock_of is None else clock_of(get_ident())

    def cpu_s(self) -> float:
        """Its processor time; 0.0 where that is not known."""
        try:
            return 0.0 if self._clock is None else clock_gettime(self._clock)
        except OSError:  # it has ended
            return 0.0

    def account(self) -> Account | None:
        """Its account; None where the system keeps none."""
        if self._clock is None:
            return None
        status, schedule = self._contents(self._status), self._contents(self._schedule).split()
        if not status or len(schedule) != 3:
            return None
        state = status[status.rindex(b")") + 2 :][:1]  # the name in brackets may hold brackets
        return Account(int(schedule[1]) / 1e9, int(schedule[2]), state in (b"S", b"D"))

    def _contents(self, path: bytes) -> bytes:
        descriptor = _libc.open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0:
            return b""
        count = _libc.read(descriptor, self._buffer, CONTENT_BYTES)
        _libc.close(descriptor)
        return self._buffer.raw[: max(count, 0)]


def waits_of_this_thread() -> int:
    """How often the calling thread has gone to sleep so far: for its own pauses, and to wait for the GIL."""
    return 0 if _THIS_THREAD is None else _getrusage(_THIS_THREAD).ru_nvcsw
