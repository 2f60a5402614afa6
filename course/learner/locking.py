"""Who is at work in a workspace, and what one that was killed at it has left."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from course import files
from course.errors import LearnError, UsageError
from course.learner.workspace import STAND, Workspace
from course.shared.ledger import LEDGER, Ledger


@contextmanager
def lock(ws: Workspace) -> Iterator[None]:
    """Be the only `learn` that changes or checks something here. Raises UsageError that names who is.

    The system lets go of it when its holder ends, however it ends.
    """
    with files.writing(ws.lock_file):
        fd = os.open(ws.lock_file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _take(fd, ws)
        with suppress(OSError):  # a full disk: the lock is held all the same, only not signed
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(fd, 0)
    finally:
        os.close(fd)


def sweep(ws: Workspace) -> int:
    """Clear away what a `learn` that was killed has left: its processes and folders. Returns how many there were.

    Does nothing while another `learn` is at work here.
    """
    left = _sweep_stands(ws)
    ledgers = list((ws.learn / "runs").glob(f"*/*/*/{LEDGER}"))
    leavings = [
        *files.abandoned(ws.making),
        *files.abandoned(ws.learn),
        *files.abandoned(ws.root, f".{ws.roadmap_file.name}.*.new"),
    ]
    if not ledgers and not leavings:
        return left
    try:
        with lock(ws):
            for path in leavings:
                files.remove(path)
            return left + sum(Ledger(path).sweep() for path in ledgers)
    except LearnError:
        return left


def _sweep_stands(ws: Workspace) -> int:
    """Sweep the stacks that nobody keeps any more. Who keeps one holds the lock of its stand.json (stands.py)."""
    left = 0
    for path in ws.stands.glob(f"*/*/{LEDGER}"):
        with suppress(OSError), path.with_name(STAND).open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left += Ledger(path).sweep()
    return left


def _take(fd: int, ws: Workspace) -> None:
    with files.writing(ws.lock_file):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(fd, 20, 0).decode(errors="replace").strip()
            raise UsageError(
                f"another `learn`{pid and f' (process {pid})'} is at work in {ws.root}.",
                f"Wait until it has ended{pid and f', or end it: kill {pid}'}.",
            ) from None
