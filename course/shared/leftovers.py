"""Ends what has outlived its server, and finds it again however it forks.

Whoever forks on and on has gone before its number is used, and lives on under another. So processes are stopped first:
who is stopped forks no more, and nobody new is found in the end. Shared by the grading child and `learn`.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from course.shared.prctl import adopt_orphans

if TYPE_CHECKING:
    import psutil

Find = Callable[[], "Iterable[psutil.Process]"]

STOPPING_DEADLINE_S = 20.0
DEATH_DEADLINE_S = 5.0
LOOK_AGAIN_S = 0.1


def outlive(find: Find, grace_s: float) -> bool:
    """Whether any of those that `find` finds, or of those that follow them, still lives after so many seconds.

    The dead among them are buried, where they are children of ours.
    """
    import psutil

    end_s = time.monotonic() + grace_s
    # Who is found and dies before it is looked at may have left a child, born after it was found. So nobody lives only
    # where all that are found had been known to be dead before.
    dead = set[psutil.Process]()
    while True:
        found = set(find())
        if found <= dead:
            psutil.wait_procs(found, timeout=0)
            return False
        left_s = end_s - time.monotonic()
        if left_s <= 0:
            return True
        dead |= {process for process in found if not lives(process)}
        _bury(found & dead)
        psutil.wait_procs(found - dead, timeout=min(left_s, LOOK_AGAIN_S))


def end_all(find: Find) -> list[str]:
    """Stop those that are found, look again until there is nobody new, and kill them all. Returns command lines.

    Where all were gone before they could be stopped, until the time was over, the last are told by their number.
    """
    import psutil

    end_s = time.monotonic() + STOPPING_DEADLINE_S
    seen = set[psutil.Process]()
    stopped: dict[psutil.Process, str] = {}
    while (fresh := set(find()) - seen) and time.monotonic() < end_s:
        seen |= fresh
        # Of a chain of forks the newest lives, if any.
        for process in filter(lives, sorted(fresh, key=lambda process: process.pid, reverse=True)):
            _signal(process, signal.SIGSTOP)
            stopped[process] = describe(process)
        _bury(fresh - stopped.keys())
    for process in stopped:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(seen, timeout=DEATH_DEADLINE_S)
    # The number of who is gone may be another's by now: it is told, and nothing is sent to it.
    return list(stopped.values()) or [describe(process) for process in fresh]


def _bury(dead: Iterable[psutil.Process]) -> None:
    """Those of them that are children of ours. Thousands of dead would make each look a long one."""
    for process in dead:
        with suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)


def lives(process: psutil.Process) -> bool:
    """Whether it still does something: a zombie is dead, and only not yet buried by its parent."""
    import psutil

    with suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def describe(process: psutil.Process) -> str:
    """The command line, or what is still known of a process that is going."""
    import psutil

    with suppress(psutil.Error):
        return " ".join(process.cmdline()) or process.name()
    return f"process {process.pid}"


class Orphans:
    """Children that this process gets without having started them: descendants whose own parents have died (Linux).

    Meanwhile it must start nothing but what it also waits for.
    """

    def __init__(self) -> None:
        adopt_orphans()
        self._own = frozenset(_children())

    def __call__(self) -> Iterator[psutil.Process]:
        """Those that there are now, with their own descendants."""
        import psutil

        for child in _children():
            if child not in self._own:
                yield child
                with suppress(psutil.NoSuchProcess):
                    yield from child.children(recursive=True)


def _children() -> list[psutil.Process]:
    if sys.platform != "linux":
        return []
    try:
        # Asked first, since it costs nothing: psutil takes a while to import, and to look through all processes.
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return []
    import psutil

    return psutil.Process().children()


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    """To the process, and to its whole group at one blow, of which none can fork meanwhile. Never to our own group."""
    import psutil

    with suppress(ProcessLookupError, PermissionError):
        group = os.getpgid(process.pid)
        if group > 1 and group != os.getpgrp():  # 0: one of another namespace
            os.killpg(group, number)
    with suppress(psutil.Error):
        process.send_signal(number)
