"""How a child of `learn` ends: asked first, then made to; then what it has left is found, told and ended."""

from __future__ import annotations

import signal

from course.grading.child import Child
from course.shared.ledger import Ledger, session_of
from course.shared.leftovers import Orphans, end_all

END_S = 0.5
STOP_GRACE_S = 25.0


def end(child: Child, *, at_once: bool) -> None:
    """Have the child stop its servers; kill it where it does not end."""
    try:
        if at_once or not child.has_ended(END_S):
            child.signal(signal.SIGTERM)
            child.signal(signal.SIGCONT)  # it may have been stopped, and would not hear of it
            child.has_ended(STOP_GRACE_S)
    finally:
        if not child.has_ended():
            child.signal(signal.SIGKILL)
            child.has_ended(STOP_GRACE_S)


def swept(ledger: Ledger, orphans: Orphans | None, grader: int) -> list[str]:
    """End what the grader has left. Returns the command lines of those that had escaped from their servers."""
    escaped: list[str] = []
    if orphans is not None:
        known = {grader, *ledger.sessions}
        escaped = end_all(lambda: [process for process in orphans() if session_of(process.pid) not in known])
    ledger.sweep()
    if orphans is not None:
        end_all(orphans)
    return escaped
