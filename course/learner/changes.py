"""Tells that something in a folder may have changed, at once where the system does. Looks at no content."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

STEP_MS = 20  # an editor that has written nothing for so long has done with this save
DEBOUNCE_MS = 300
LOOK_ANYWAY_MS = 5_000  # where the system tells of no edits: another machine's folder, one that was replaced
LOOK_AGAIN_S = 1.0


def of(folder: Path, closed: threading.Event) -> Iterator[None]:
    """Whenever something in the folder may have changed; ends when `closed` is set."""
    from watchfiles import watch

    while not closed.is_set():
        identity = _identity(folder)
        try:
            for _ in watch(
                folder,
                watch_filter=None,
                debounce=DEBOUNCE_MS,
                step=STEP_MS,
                stop_event=closed,
                rust_timeout=LOOK_ANYWAY_MS,
                yield_on_timeout=True,
            ):
                yield
                if _identity(folder) != identity:
                    break  # another folder of that name, of which the system tells nothing yet
        except (OSError, RuntimeError):  # the folder is gone, or the system watches no more folders
            closed.wait(LOOK_AGAIN_S)
            yield


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
