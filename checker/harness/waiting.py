"""Waiting for what nobody tells of: looks again and again until it is so, never without a deadline.

What is told is not waited for in this way: the history, the Gate, logs and programs wake who waits for them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

LOOK_EVERY_S = 0.05

_T = TypeVar("_T")


class Ending(Protocol):
    """What may end before the thing that is waited for: a Process, a Program."""

    def wait(self, deadline_s: float) -> int | None:
        """Its return code, or None when it still runs at the deadline."""
        ...


def wait_until(
    condition: Callable[[], _T],
    deadline_s: float,
    *,
    unless_ended: Ending | None = None,
    every_s: float = LOOK_EVERY_S,
) -> _T:
    """The first answer of `condition` that is true; its last one at the deadline, or when `unless_ended` has ended.

    It is looked at once more after either: what was so just before the end counts.
    """
    end_s = time.monotonic() + deadline_s
    is_last = False
    while not (answer := condition()) and not is_last:
        if unless_ended is None:
            time.sleep(every_s)
            has_ended = False
        else:
            has_ended = unless_ended.wait(every_s) is not None
        is_last = has_ended or time.monotonic() >= end_s
    return answer
