"""Exports, which the ministry takes its time for. What was promised lies on disk, and each start takes it up again."""

import logging
import threading

from depot import archive, upstream

_log = logging.getLogger(__name__)
_failed: set[str] = set()


def start(name: str) -> None:
    """Begin this export; returns at once. From now on it outlives the process."""
    archive.FOLDER.mkdir(exist_ok=True)
    _promise(name).touch()
    _begin(name)


def resume() -> None:
    """Begin what was promised before the process began."""
    for promise in archive.FOLDER.glob("*.promised"):
        _begin(promise.stem)


def state(name: str) -> str:
    """How far it is: "running", "done", "failed" or "unknown"."""
    if archive.read(name) is not None:
        return "done"
    return "failed" if name in _failed else "running" if _promise(name).exists() else "unknown"


def _begin(name: str) -> None:
    threading.Thread(target=_run, args=(name,), daemon=True).start()


def _run(name: str) -> None:
    try:
        archive.write(name, upstream.fetch(f"export-{name}"))
    except Exception:
        _failed.add(name)
        _log.exception("export %s", name)
    _promise(name).unlink(missing_ok=True)


def _promise(name: str):
    return archive.FOLDER / f"{name}.promised"
