"""A visitor who asks for /pid/ again and again: who answered, when nobody did, and what is finished through a stop.

Works on any gunicorn that serves the depot, whoever started it: no probe is needed in it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psutil

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.gunicorn import master
from checker.harness.http import Answer
from checker.harness.picture import Lane, Stretch
from checker.harness.servers.supervisord import Supervisor
from checker.harness.site import Site
from checker.stage_2.gunicorn_deployment.profiles import GENEROUS_S
from course.model import BarKind, Place

LOOK_AGAIN_S = 0.05
# After HUP the old workers leave at once, and who asks waits until a new one has imported the project.
ANSWER_S = 20.0
CHANGE_DEADLINE_S = 60.0
LOOKS_UNTIL_SURE = 15


class Visitor:
    """Keeps (moment, process that answered) of each request; process 0 for one that got no answer."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._answers: list[tuple[float, int]] = []
        self._ends: dict[int, tuple[float, str]] = {}

    def ask(self) -> int:
        """The process that answers now; 0 when none does."""
        exchange = self._site.send("/pid/", label="visitor", deadline_s=ANSWER_S)
        answer = exchange.answer(ANSWER_S)
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
    ) -> int:
        """The first process outside `old` that answers; 0 when none has by the deadline, or never will."""
        end = self._site.run.history.now() + deadline_s
        while self._site.run.history.now() < end:
            if (pid := self.ask()) and pid not in old:
                return pid
            if pid == 0 and is_hopeless():
                return 0
            self._site.process.wait(LOOK_AGAIN_S)
        return 0

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


class GivenUp:
    """Whether supervisord will not start `web` again. EXITED is also what it says for a moment before a restart."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._looks = 0

    def __call__(self) -> bool:
        """Look once more."""
        states = set(self._supervisor.status().values())
        self._looks = self._looks + 1 if states <= {"EXITED", "FATAL", "STOPPED"} else 0
        return self._looks >= LOOKS_UNTIL_SURE


def master_of(site: Site, worker_pid: int) -> int:
    """The process that a worker's parent is; 0 when the worker is gone."""
    with suppress(psutil.Error):
        return psutil.Process(worker_pid).ppid()
    site.run.history.record("process.gone", pid=worker_pid)
    return 0


def descends_from(pid: int, ancestor: int | None) -> bool:
    """Whether a process was started by another, or by one that it has started; False when it is gone."""
    with suppress(psutil.Error):
        return any(parent.pid == ancestor for parent in psutil.Process(pid).parents())
    return False


def finishes_through_a_stop(
    site: Site, gate: Gate, page: str, stop: Callable[[], Any], *, master_pid: int, where: Place | None = None
) -> Any:
    """Stop it while one request for `page` waits at the Gate: that one is answered. Returns what `stop` returned."""
    tag = "last"
    last = site.send(f"/{page}/{tag}/", label=f"the last {page}")
    gate.wait_tag(tag, GENEROUS_S)
    idle = master.worker_pids(site, master_pid)
    result: list[Any] = []
    stopping = threading.Thread(target=lambda: result.append(stop()), name="stop", daemon=True)
    stopping.start()
    end = site.run.history.now() + GENEROUS_S
    # Whoever is idle leaves at once. Then the busy one has been told too, and has to choose.
    while not (last.is_done or _is_stopping(site, master_pid, idle)) and site.run.history.now() < end:
        stopping.join(LOOK_AGAIN_S)
    gate.open()
    answer = last.answer(GENEROUS_S)
    stopping.join(GENEROUS_S * 2)
    if answer is None or answer.status != 200:
        fail(
            "request-cut",
            wanted=f"a stop lets the {page} finish that is under way",
            saw=f"the stop ended it: {_ending(answer, last.error)}",
            where=where,
        )
    return result[0] if result else None


def _is_stopping(site: Site, master_pid: int, before: frozenset[int]) -> bool:
    """Whether the master has closed its listening sockets, and the workers that had nothing to do are gone."""
    with suppress(psutil.Error):
        listens = any(c.status == psutil.CONN_LISTEN for c in psutil.Process(master_pid).net_connections("inet"))
        now = master.worker_pids(site, master_pid)
        return not listens and (len(before) == 1 or len(now & before) < len(before))
    return True


def _ending(answer: Answer | None, error: BaseException | None) -> str:
    return f"status {answer.status}" if answer is not None else f"no answer ({error})"
