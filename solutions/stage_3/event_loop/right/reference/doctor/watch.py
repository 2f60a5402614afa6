"""The doctor's watch over one event loop: a thread of its own feels the pulse, and looks who holds the loop."""

import asyncio
import sys
import threading
import time
import traceback


class LoopWatch:
    """Tells when its loop was held for longer than `threshold_s` seconds, and by whom."""

    def __init__(self, threshold_s: float = 0.1) -> None:
        self._threshold_s = threshold_s
        self._stalls: list[dict] = []
        self._stopped = threading.Event()

    def start(self) -> None:
        """Watch the loop that runs the caller."""
        self._loop = asyncio.get_running_loop()
        self._ident = threading.get_ident()
        self._thread = threading.Thread(target=self._watch, name="loop watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer, and leave nothing behind."""
        self._stopped.set()
        self._thread.join()

    def report(self) -> list[dict]:
        """Each time that the loop was held: {"lag_s": SECONDS, "stack": ["FILE:LINE FUNCTION", ...]}."""
        return [dict(stall) for stall in list(self._stalls)]

    def _watch(self) -> None:
        pause_s = self._threshold_s / 4
        while not self._stopped.wait(pause_s):
            beat = threading.Event()
            asked_s = time.monotonic()
            self._loop.call_soon_threadsafe(beat.set)
            if beat.wait(self._threshold_s) or self._stopped.is_set():
                continue
            # Nobody has come to the beat: whoever runs in the loop's thread now is the one who holds it.
            stall = {"lag_s": time.monotonic() - asked_s, "stack": self._stack()}
            self._stalls.append(stall)
            while not beat.wait(pause_s) and not self._stopped.is_set():
                stall["lag_s"] = time.monotonic() - asked_s
            stall["lag_s"] = time.monotonic() - asked_s

    def _stack(self) -> list[str]:
        outwards = traceback.walk_stack(sys._current_frames()[self._ident])
        stack = [f"{frame.f_code.co_filename}:{line} {frame.f_code.co_name}" for frame, line in outwards]
        return stack[::-1]
