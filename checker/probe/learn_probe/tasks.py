"""Where each task of a program waits, written to the file that LEARN_TASKS names as often as SIGUSR1 comes.

A JSON list; of each task its coroutine's name, and the frames through which it waits, outermost first.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from json import dumps
from types import FrameType
from typing import Any

FILE = os.environ["LEARN_TASKS"]
MOST_FRAMES = 50  # an endless chain of awaits is none of ours to follow

_replace = os.replace


def tell(_signal: int, _frame: FrameType | None) -> None:
    """Write the file, whole or not at all; an empty list when no loop runs on this thread."""
    asyncio: Any = sys.modules.get("asyncio")
    tasks: list[Any] = []
    with suppress(RuntimeError):  # no loop is running
        if asyncio is not None:
            tasks = list(asyncio.all_tasks())
    told, followed = [], set()
    for task in tasks:
        frames, inner = _waits(task.get_coro())
        told.append((task, {"coroutine": getattr(task.get_coro(), "__qualname__", ""), "frames": frames}))
        followed |= inner
    with suppress(OSError):
        with open(f"{FILE}.new", "w", encoding="utf-8") as file:  # noqa: PTH123  pathlib may not be loaded
            file.write(dumps([facts for task, facts in told if id(task) not in followed]))
        _replace(f"{FILE}.new", FILE)


def _waits(coroutine: Any) -> tuple[list[tuple[str, int, str]], set[int]]:
    """The frames, through the task that `wait_for` waits for: before Python 3.12 it makes one. And the ids of such."""
    frames: list[tuple[str, int, str]] = []
    followed = set()
    link = coroutine
    while link is not None and len(frames) < MOST_FRAMES:
        frame = getattr(link, "cr_frame", None) or getattr(link, "gi_frame", None)
        awaited = getattr(link, "cr_await", None) or getattr(link, "gi_yieldfrom", None)
        if frame is not None:
            code = frame.f_code
            frames.append((code.co_filename, frame.f_lineno, code.co_name))
            task: Any = frame.f_locals.get("fut") if code.co_name == "wait_for" else None
            if hasattr(task, "get_coro"):
                followed.add(id(task))
                awaited = task.get_coro()
        link = awaited
    return frames, followed


signal.signal(signal.SIGUSR1, tell)
