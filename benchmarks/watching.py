"""`learn watch` on a terminal of its own: how long after a save the first check of the next run has ended."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import termios
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from benchmarks.commands import DEADLINE_S, CommandFailed, learn

ROWS, COLUMNS = 40, 80
CHUNK_BYTES = 65_536
CHECKED = "✓"  # stands before a check that has passed
PASSED = ("Passed", "q quit")  # the last words of a run, and what can be typed then


class Watch:
    """A `learn watch` in an exercise's folder whose work passes."""

    def __init__(self, folder: Path) -> None:
        self._saved = folder / "saved.py"
        self._ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = {**os.environ, "TERM": "xterm"}
        self._process = subprocess.Popen(
            learn("watch"), cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, process_group=0
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        self._wait_for(*PASSED)
        return self

    def first_check_s(self, number: int) -> float:
        """Seconds from a save (of a file that nothing imports) to the end of the first check that it starts."""
        time.sleep(1.0)  # as somebody does who reads before he types on
        started_at = time.perf_counter()
        self._saved.write_text(f"SAVED = {number}\n")
        self._wait_for(CHECKED)
        seconds = time.perf_counter() - started_at
        self._wait_for(*PASSED)
        return seconds

    def __exit__(self, *error: object) -> None:
        with suppress(OSError):
            os.write(self._ours, b"q")
        try:
            self._process.wait(DEADLINE_S)
        finally:
            os.close(self._ours)
            self._saved.unlink(missing_ok=True)

    def _wait_for(self, *words: str) -> None:
        """Until all of these have been drawn, in what comes from now on."""
        drawn, end_s = b"", time.monotonic() + DEADLINE_S
        while not all(one.encode() in drawn for one in words):
            if not select.select([self._ours], [], [], max(end_s - time.monotonic(), 0))[0]:
                raise CommandFailed(f"learn watch never drew {' and '.join(words)}: {drawn[-2000:]!r}")
            drawn += os.read(self._ours, CHUNK_BYTES)
