"""Ends a grading from another thread than the one that hears it."""

from __future__ import annotations

import threading

from course.grading.hearing import Grading


class Stopped(Exception):
    """The run was ended by its Stop: it came to no verdict."""


class Stop:
    """Set once, by any thread: ends the run that goes on, or else the next one at its beginning."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._grading: Grading | None = None
        self._is_set = False

    @property
    def is_set(self) -> bool:
        """Whether what it ends is to end."""
        return self._is_set

    def set(self) -> None:
        """End the run."""
        with self._lock:
            self._is_set = True
            if self._grading is not None:
                self._grading.cut()

    def follow(self, grading: Grading) -> None:
        """From now on, this is the run to end."""
        with self._lock:
            self._grading = grading
            if self._is_set:
                grading.cut()
