"""How much memory the grader may take: a check without bounds ends as a broken check, not as a dead machine (Linux).

The learner's servers have a cap of their own (guard.py), so they do not inherit this one.
"""

from __future__ import annotations

import ctypes
import resource
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# All exercises came to 800 MiB of addresses at most, of which 70 MiB were in use.
MOST_BYTES = 4 * 1024**3
# glibc sets 64 MiB of addresses aside for each thread, up to eight times as often as there are cores: forty threads,
# of which hardly one is ever awake, would take 3 GiB on a machine with six of them.
M_ARENA_MAX = -8  # malloc.h
MOST_ARENAS = 4

_changing = threading.Lock()
_own: list[tuple[int, int]] = []  # the limits before they were capped


def cap() -> None:
    """Let no more than MOST_BYTES of addresses be taken by this process.

    To be called before there is a second thread: with that one glibc settles how many arenas there may be.
    """
    if sys.platform == "linux":
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        _own.append((soft, hard))
        known = [limit for limit in (soft, hard, MOST_BYTES) if limit != resource.RLIM_INFINITY]
        resource.setrlimit(resource.RLIMIT_AS, (min(known), hard))
        with suppress(AttributeError):  # another C library than glibc, with none to spare
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, MOST_ARENAS)


@contextmanager
def uncapped() -> Iterator[None]:
    """Meanwhile the cap is off, so that a child that is started does not inherit it."""
    if not _own:
        yield
        return
    with _changing:
        capped = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, _own[-1])
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_AS, capped)
