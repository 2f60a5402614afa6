"""Slots that all worker processes share: lock files, which the kernel frees even for a process that is killed."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

FOLDER = os.path.join(tempfile.gettempdir(), "shop-report-slots")


@contextmanager
def slot(count: int) -> Iterator[bool]:
    """Whether one of the `count` slots was free; it is taken for the time of the block."""
    os.makedirs(FOLDER, exist_ok=True)
    for number in range(count):
        # Opened anew each time: the lock belongs to the open file, so threads of one process exclude each other too.
        descriptor = os.open(os.path.join(FOLDER, str(number)), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        try:
            yield True
        finally:
            os.close(descriptor)
        return
    yield False
