"""Your work: exports, which the ministry takes its time for. They go on after the answer."""

import threading

from depot import archive, upstream

_states: dict[str, str] = {}


def start(name: str) -> None:
    """Begin this export; returns at once."""
    _states[name] = "running"
    threading.Thread(target=_run, args=(name,), daemon=True).start()


def state(name: str) -> str:
    """How far it is: "running", "done" or "unknown"."""
    return "done" if archive.read(name) is not None else _states.get(name, "unknown")


def _run(name: str) -> None:
    archive.write(name, upstream.fetch(f"export-{name}"))
