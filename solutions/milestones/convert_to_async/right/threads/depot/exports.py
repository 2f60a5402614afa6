"""Exports, which the ministry takes its time for. Each has a thread, which the process joins before it ends."""

import logging
import threading

from depot import archive, upstream

_log = logging.getLogger(__name__)


class _Export(threading.Thread):
    """One export under way. `is_failed` once it has come to nothing."""

    def __init__(self, name: str) -> None:
        super().__init__(daemon=True)
        self.export = name
        self.is_failed = False

    def run(self) -> None:
        """Ask, and keep the answer."""
        try:
            archive.write(self.export, upstream.fetch(f"export-{self.export}"))
        except Exception:
            self.is_failed = True
            _log.exception("export %s", self.export)


_exports: dict[str, _Export] = {}


def start(name: str) -> None:
    """Begin this export; returns at once."""
    _exports[name] = _Export(name)
    _exports[name].start()


def state(name: str) -> str:
    """How far it is: "running", "done", "failed" or "unknown"."""
    if archive.read(name) is not None:
        return "done"
    export = _exports.get(name)
    if export is None:
        return "unknown"
    return "failed" if export.is_failed else "running"


def join() -> None:
    """Block until no export is running."""
    for export in list(_exports.values()):
        export.join()
