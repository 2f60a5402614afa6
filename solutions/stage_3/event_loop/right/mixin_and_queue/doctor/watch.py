"""The doctor's watch, after a dead man's switch: the loop sends beats, and a thread is alarmed by their absence."""

import asyncio
import sys
import threading
import time
import traceback
from dataclasses import asdict, dataclass
from queue import Empty, SimpleQueue


@dataclass
class Stall:
    """One time that the loop was held."""

    lag_s: float
    stack: list[str]


class LoopWatch:
    """Tells when its loop was held for longer than `threshold_s` seconds, and by whom."""

    def __init__(self, threshold_s: float = 0.1) -> None:
        self._threshold_s = threshold_s
        self._beats: SimpleQueue[float | None] = SimpleQueue()
        self._told: list[Stall] = []

    def start(self) -> None:
        """Watch the loop that runs the caller."""
        self._loop = asyncio.get_running_loop()
        self._send_beat()
        threading.Thread(target=self._listen, args=(threading.get_ident(),), daemon=True).start()

    def stop(self) -> None:
        """Watch no longer, and leave nothing behind."""
        self._next.cancel()
        self._beats.put(None)

    def report(self) -> list[dict]:
        """Each time that the loop was held: {"lag_s": SECONDS, "stack": ["FILE:LINE FUNCTION", ...]}."""
        return [asdict(stall) for stall in self._told[:]]

    def _send_beat(self) -> None:
        self._beats.put(time.monotonic())
        self._next = self._loop.call_later(self._threshold_s / 4, self._send_beat)

    def _listen(self, ident: int) -> None:
        last_s, stall = time.monotonic(), None
        while True:
            try:
                beat_s = self._beats.get(timeout=self._threshold_s if stall is None else self._threshold_s / 4)
            except Empty:
                beat_s = time.monotonic()
                if stall is None:
                    stall = Stall(0.0, _stack_of(ident))
                    self._told.append(stall)
                stall.lag_s = beat_s - last_s
                continue
            if beat_s is None:
                return
            if stall is not None:
                stall.lag_s, stall = beat_s - last_s, None
            last_s = beat_s


def _stack_of(ident: int) -> list[str]:
    summary = traceback.extract_stack(sys._current_frames()[ident])
    return [f"{entry.filename}:{entry.lineno} {entry.name}" for entry in summary]
