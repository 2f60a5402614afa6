"""Who descends from a process. Linux lists the children of each; elsewhere all processes are looked through.

For looks that are repeated. The last sweep of a run finds its processes by psutil: a list that is read while one of
it ends may miss another (proc_pid_children(5)).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

MOST_BYTES = 65_536
MOST_LOOKS = 4  # whoever forks on and on is never seen twice alike
CHILDREN_ARE_LISTED = Path("/proc/self/task", str(os.getpid()), "children").exists()


def children(pid: int) -> list[int]:
    """The pids of its children: zombies too, as the system has them; none of a process that is gone."""
    if CHILDREN_ARE_LISTED:
        # A look at all the processes of a machine costs a hundred times as much. Two that agree hardly missed anybody.
        found = _listed(pid)
        for _ in range(MOST_LOOKS):
            before, found = found, _listed(pid)
            if found == before:
                break
        return found
    with suppress(psutil.Error):
        return [child.pid for child in psutil.Process(pid).children()]
    return []


def descendants(pid: int) -> Iterator[tuple[int, int]]:
    """All that descend from it, each with its parent, who comes before it."""
    if CHILDREN_ARE_LISTED:
        parents = [pid]
        for parent in parents:  # it grows meanwhile
            for child in children(parent):
                parents.append(child)
                yield child, parent
        return
    with suppress(psutil.NoSuchProcess):
        for process in psutil.Process(pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                yield process.pid, process.ppid()


def processes(pids: Iterable[int]) -> list[psutil.Process]:
    """Those of them that are still there."""
    found = []
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(pid))
    return found


def _listed(pid: int) -> list[int]:
    # By plain calls: a server has dozens of threads, and this is asked often.
    found: list[int] = []
    with suppress(OSError):
        for thread in os.scandir(f"/proc/{pid}/task"):
            with suppress(OSError):  # the thread has ended
                descriptor = os.open(f"{thread.path}/children", os.O_RDONLY | os.O_CLOEXEC)
                try:
                    found += map(int, os.read(descriptor, MOST_BYTES).split())
                finally:
                    os.close(descriptor)
    return found
