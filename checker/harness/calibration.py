"""Was the machine able to judge? A thread that wants to wake often, and notes by how much it was late.

Deadlines are generous, so only a machine that stood still (a laptop put to sleep, a host out of memory) can break
a right solution. A failure beside such a standstill is inconclusive, not the learner's. A server that only starts has
the most to do before it answers: where many others want the processors too, it is given `slowness` times as long.
"""

from __future__ import annotations

import threading
import time

TICK_S = 0.1
STANDSTILL_S = 3.0
SPIN_S = 0.05
MOST_SLOWNESS = 4.0
KEEP_S = 1.0


class Calibration:
    """Measures standstills while it runs."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._standstills: list[tuple[float, float]] = []
        self._thread = threading.Thread(target=self._tick, name="calibration", daemon=True)
        self._thread.start()

    def standstill_s(self, since: float) -> float:
        """The longest standstill that ended after `since` (monotonic seconds); 0 when there was none."""
        return max((late for at, late in list(self._standstills) if at >= since), default=0.0)

    def close(self) -> None:
        """Stop measuring."""
        self._stop.set()
        self._thread.join(timeout=5)

    def _tick(self) -> None:
        before = time.monotonic()
        while not self._stop.wait(TICK_S):
            now = time.monotonic()
            late = now - before - TICK_S
            if late >= STANDSTILL_S:
                self._standstills.append((now, late))
            before = now


def slowness() -> float:
    """How many seconds a second of processor time takes here and now, from 1 to MOST_SLOWNESS.

    Spins for SPIN_S of processor time: about as long as that, and longer beside others. Whoever asks within KEEP_S is
    told the same: threads that spin beside each other would measure nothing but themselves.
    """
    return _lately.slowness()


class _Lately:
    """The last measurement, for all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slowness = 1.0
        self._until_s = 0.0

    def slowness(self) -> float:
        with self._lock:
            if time.monotonic() >= self._until_s:
                self._slowness = min(max(_spin_s() / SPIN_S, 1.0), MOST_SLOWNESS)
                self._until_s = time.monotonic() + KEEP_S
            return self._slowness


def _spin_s() -> float:
    began_s, spent_s = time.monotonic(), time.thread_time()
    while time.thread_time() - spent_s < SPIN_S:
        pass
    return time.monotonic() - began_s


_lately = _Lately()
