"""Whether a run met the machine's limit on open files: then what failed in it is nobody's fault but the machine's.

Only a limit below `ENOUGH` counts, since a project that uses up more than that leaks. What the checks themselves cannot
open is never the learner's.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from contextlib import suppress

import psutil

from checker.harness.events import EventKind
from checker.harness.history import History
from course.shared import open_files

# A server that has met the limit, and has given up what it could not finish, is found with fewer open than it wanted.
ALMOST_ALL = 0.75
_TOLD = os.strerror(errno.EMFILE).encode()
_OUT = {errno.EMFILE, errno.ENFILE}


def record_if_out(history: History, error: BaseException | None) -> None:
    """Record that the checks themselves could open nothing more, if that is what this error, or its cause, tells."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _OUT:
            history.record(EventKind.OPEN_FILES_OUT, name="the checks")
        error = error.__cause__ or error.__context__


def record_if_told(history: History, name: str, output: bytes) -> None:
    """Record that this program has nothing left to open, if that is what it prints."""
    if open_files.limit() < open_files.ENOUGH and _TOLD in output:
        history.record(EventKind.OPEN_FILES_OUT, name=name)


def record_those_out(history: History, name: str, family: Iterable[psutil.Process]) -> None:
    """Record that one of these processes has almost all open that it may; `name` is their server's."""
    most = open_files.limit()
    for process in family if most < open_files.ENOUGH else ():
        with suppress(psutil.Error):
            if process.num_fds() >= ALMOST_ALL * most:
                history.record(EventKind.OPEN_FILES_OUT, name=name)


def lacking(history: History) -> str:
    """What the machine lacks, with a remedy; "" when nobody came near the limit."""
    for raised in history.events(EventKind.APP_RAISED):
        record_if_told(history, str(raised["server"]), str(raised["message"]).encode(errors="replace"))
    out = history.events(EventKind.OPEN_FILES_OUT)
    if not out:
        return ""
    return (
        f"open files: this machine lets a process have {open_files.limit():,} open, and {out[0]['name']} had almost "
        f"all of them. The checks want {open_files.ENOUGH:,}: `ulimit -Hn` shows how far the limit may be raised."
    )
