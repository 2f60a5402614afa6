"""What Linux lets a process say of itself; elsewhere nothing happens. Shared by `learn` and the graders."""

from __future__ import annotations

import sys

PR_SET_DUMPABLE = 4  # linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36


def refuse_inspection() -> None:
    """Let no other process of this user read our memory or take our descriptors (/proc/PID/mem, ptrace, pidfd_getfd).

    Programs that we start can be inspected again: `exec` undoes it. So it has to be said after any `exec`.
    """
    _prctl(PR_SET_DUMPABLE, 0)


def adopt_orphans() -> None:
    """Make this process the parent of descendants whose own parent dies, so that they can be found."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes  # takes 5 ms, and most commands of `learn` start nothing

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
