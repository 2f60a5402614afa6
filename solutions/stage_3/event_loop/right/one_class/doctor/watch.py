"""The doctor's watch: a task on the loop says when it was last alive, and a thread compares that with the clock."""

import asyncio
import sys
import threading
import time


class LoopWatch:
    """Tells when its loop was held for longer than `threshold_s` seconds, and by whom."""

    def __init__(self, threshold_s: float = 0.1) -> None:
        self.threshold_s = threshold_s
        self.pause_s = threshold_s / 5
        self.stalls: list[dict] = []
        self.lock = threading.Lock()
        self.ended = threading.Event()

    def start(self) -> None:
        """Watch the loop that runs the caller."""
        self.ident = threading.get_ident()
        self.alive_s = time.monotonic()
        self.pulse = asyncio.get_running_loop().create_task(self._beat())
        self.thread = threading.Thread(target=self._compare, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Watch no longer, and leave nothing behind."""
        self.pulse.cancel()
        self.ended.set()
        self.thread.join()

    def report(self) -> list[dict]:
        """Each time that the loop was held: {"lag_s": SECONDS, "stack": ["FILE:LINE FUNCTION", ...]}."""
        with self.lock:
            return [{"lag_s": stall["lag_s"], "stack": list(stall["stack"])} for stall in self.stalls]

    async def _beat(self) -> None:
        while True:
            self.alive_s = time.monotonic()
            await asyncio.sleep(self.pause_s)

    def _compare(self) -> None:
        told_s = None  # of which beat a stall was told
        while not self.ended.wait(self.pause_s):
            alive_s = self.alive_s
            lag_s = time.monotonic() - alive_s
            if lag_s < self.threshold_s:
                continue
            with self.lock:
                if told_s != alive_s:
                    self.stalls.append({"stack": self._stack()})
                    told_s = alive_s
                self.stalls[-1]["lag_s"] = lag_s

    def _stack(self) -> list[str]:
        lines = []
        frame = sys._current_frames().get(self.ident)
        while frame is not None:
            lines.insert(0, f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}")
            frame = frame.f_back
        return lines
