"""A visitor who asks for /pid/ again and again: who answered, and when nobody did.

Works on any gunicorn that serves the depot, whoever started it: no probe is needed in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

import psutil

from checker.harness.calibration import MOST_SLOWNESS, slowness
from checker.harness.descendants import descendants
from checker.harness.picture import Lane, Stretch
from checker.harness.site import Site
from checker.harness.waiting import wait_until
from checker.stage_2.gunicorn_deployment.kinds import Kind
from course.pictures import BarKind

# After HUP the old workers leave at once, and who asks waits until a new one has imported the project: longer on a
# busy machine.
ANSWER_S = 20.0
CHANGE_DEADLINE_S = 60.0


class Visitor:
    """Keeps (moment, process that answered) of each request; process 0 for one that got no answer."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._answers: list[tuple[float, int]] = []
        self._ends: dict[int, tuple[float, str]] = {}

    def ask(self) -> int:
        """The process that answers now; 0 when none does."""
        exchange = self._site.send("/pid/", label="visitor", deadline_s=ANSWER_S * MOST_SLOWNESS)
        answer = exchange.wait_answer(ANSWER_S)
        if answer is None and not exchange.is_done:
            answer = exchange.wait_answer(ANSWER_S * (slowness() - 1))
        if answer is None:
            exchange.hang_up()
        pid = int(answer.text) if answer is not None and answer.status == 200 and answer.text.isdecimal() else 0
        self._answers.append((self._site.run.history.now(), pid))
        return pid

    def ask_until_other_than(
        self,
        old: frozenset[int],
        is_hopeless: Callable[[], bool] = lambda: False,
        deadline_s: float = CHANGE_DEADLINE_S,
        *,
        counts_if: Callable[[], bool] = lambda: True,
    ) -> int:
        """The first process outside `old` that answers; 0 when none has by the deadline, or never will.

        Only a request counts before which `counts_if()` was true already.
        """

        def decisive() -> tuple[int] | None:
            counts, pid = counts_if(), self.ask()
            return (pid,) if (counts and pid not in {0, *old}) or (pid == 0 and is_hopeless()) else None

        found = wait_until(decisive, deadline_s)
        return found[0] if found else 0

    @property
    def lost(self) -> int:
        """How many requests got no answer."""
        return sum(pid == 0 for _, pid in self._answers)

    def mark_end(self, label: str, ended: frozenset[int]) -> None:
        """These are ended by this now, for the picture."""
        now = self._site.run.history.now()
        self._ends |= {pid: (now, label) for pid in ended if pid not in self._ends}

    def lanes(self) -> list[Lane]:
        """One lane for each process, from its first answer to its last or its end; one for when nobody answered."""
        found = []
        for pid in dict.fromkeys(pid for _, pid in self._answers):
            times = [t for t, by in self._answers if by == pid]
            if pid == 0:
                found.append(Lane("nobody", [Stretch(times[0], times[-1], BarKind.WAITING)]))
                continue
            # The workers of a killed master answer for a moment more: what ends them is its end.
            end = self._ends.get(pid)
            last = end[0] if end else times[-1]
            found.append(Lane(f"pid {pid}", [Stretch(min(times[0], last), last)], moments=[end] if end else []))
        return found


def master_of(site: Site, worker_pid: int) -> int:
    """The process that a worker's parent is. Of a worker that is gone: who else listens at the port; 0 when nobody."""
    with suppress(psutil.Error):
        return psutil.Process(worker_pid).ppid()
    site.run.history.record(Kind.PROCESS_GONE, pid=worker_pid)
    # A worker that lives for few requests (`max_requests`) has often left when its answer is read.
    # All that was started here is looked at: who has lost its parent is our child.
    listening = {pid: parent for pid, parent in descendants(os.getpid()) if _listens(pid, site.port)}
    masters = {pid for pid, parent in listening.items() if parent not in listening}
    return masters.pop() if len(masters) == 1 else 0


def _listens(pid: int, port: int) -> bool:
    with suppress(psutil.Error):
        sockets = psutil.Process(pid).net_connections("inet")
        return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in sockets)
    return False
