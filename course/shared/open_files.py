"""How many files, sockets too, a process may have open. macOS begins with 256, which a right solution may well need."""

from __future__ import annotations

import resource
from contextlib import suppress

WANTED = 4096
ENOUGH = 1024  # for every right solution; with less, who runs out of them is not to blame


def limit() -> int:
    """How many this process, and whatever it starts, may open."""
    return _number(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def highest_limit() -> int:
    """How far the limit may be raised."""
    return _number(resource.getrlimit(resource.RLIMIT_NOFILE)[1])


def raise_limit() -> None:
    """Raise the limit to what the checks want, or as far as the system lets us."""
    if limit() < WANTED:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        with suppress(OSError, ValueError):  # macOS may refuse what it names as the hard limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(WANTED, highest_limit()), hard))


def _number(value: int) -> int:
    return WANTED if value == resource.RLIM_INFINITY else value
