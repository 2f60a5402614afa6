"""The one line that moves: what runs now, and for how many seconds. Only on a terminal, else nothing.

Another line may stand still below it, and may do so alone.

The cursor waits at the line's beginning, and all from there on is erased: when the terminal is made narrower, one that
breaks long lines anew keeps the cursor at that beginning, and one that cuts them off has nothing else to erase.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from course.view.measure import cells
from course.view.rows import CURRENT, MARGIN
from course.view.screens import Screen

TICK_S = 0.5
ERASE = "\r\x1b[J"


class Running:
    """Shows and clears the line. Clear it before anything else is written to the screen.

    `below` draws the line that stands below it, of at most so many columns.
    """

    def __init__(self, screen: Screen, below: Callable[[int], str] | None = None) -> None:
        self._screen = screen
        self._below = below
        self._is_resting = False
        self._stop: threading.Event | None = None
        self._thread: threading.Thread | None = None

    def show(self, what: str) -> None:
        """Replace the line."""
        self.clear()
        if self._screen.live:
            self._stop = threading.Event()
            self._thread = threading.Thread(target=self._tick, args=(what, self._stop), name="running", daemon=True)
            self._thread.start()

    def clear(self) -> None:
        """Erase the lines, if there are any."""
        if self._is_resting:
            self._write(ERASE)
        self._is_resting = False
        if self._stop is not None and self._thread is not None:
            self._stop.set()
            self._thread.join()
            self._write(ERASE)
        self._stop = self._thread = None

    def rest(self) -> None:
        """Show only the line that stands still."""
        self.clear()
        if self._screen.live and self._below is not None:
            self._is_resting = True
            self._write(f"{ERASE}{self._drawn_below()}\r")

    def _drawn_below(self) -> str:
        if self._below is None:
            return ""
        return " " * MARGIN + self._below(self._screen.as_it_is_now().columns - 2 * MARGIN)

    def _tick(self, what: str, stop: threading.Event) -> None:
        started_at = time.monotonic()
        while True:
            columns = self._screen.as_it_is_now().columns - 2 * MARGIN
            seconds = int(time.monotonic() - started_at)
            right = f"{seconds} s" if seconds else ""
            # One row at most: a line that wrapped could not be erased.
            left = f"{CURRENT} {what}"
            while cells(left) > columns - cells(right) - 2:
                left = left[:-2] + "…"
            gap = " " * (columns - cells(left) - cells(right))
            # A terminal that has gone away is the main thread's to notice.
            with suppress(OSError):
                below = f"\r\n{self._drawn_below()}\x1b[A" if self._below is not None else ""
                self._write(f"{ERASE}{' ' * MARGIN}{left}{gap}{right}{below}\r")
            if stop.wait(TICK_S):
                return

    def _write(self, text: str) -> None:
        self._screen.stream.write(text)
        self._screen.stream.flush()
