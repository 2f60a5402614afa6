"""Exports, which the ministry takes its time for. They are tasks, and the process does not end before them."""

import asyncio
import logging

from depot import archive, upstream

_log = logging.getLogger(__name__)
_states: dict[str, str] = {}
_tasks: set[asyncio.Task[None]] = set()  # the loop itself keeps no task alive


async def start(name: str) -> None:
    """Begin this export; returns at once."""
    _states[name] = "running"
    task = asyncio.create_task(_run(name))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


def state(name: str) -> str:
    """How far it is: "running", "done", "failed" or "unknown"."""
    return "done" if archive.read(name) is not None else _states.get(name, "unknown")


async def finish() -> None:
    """Return once no export is running."""
    while _tasks:
        await asyncio.wait(_tasks)


async def _run(name: str) -> None:
    try:
        archive.write(name, await upstream.afetch(f"export-{name}"))
    except Exception:
        _states[name] = "failed"
        _log.exception("export %s", name)
