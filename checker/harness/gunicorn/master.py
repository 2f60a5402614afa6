"""What is true of any running gunicorn master: its workers, a reload by HUP, and who answers afterwards.

Judges nothing: what did not come by the deadline is told by None or False, and the check says what it means.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

import psutil

from checker.harness.descendants import children, processes
from checker.harness.events import EventKind
from checker.harness.history import Event
from checker.harness.http import Answer, Exchange
from checker.harness.site import Site
from checker.harness.waiting import wait_until

# A worker is there when it has imported the project; a slow machine takes many seconds for that.
BOOT_DEADLINE_S = 30.0
TOLD_DEADLINE_S = 5.0
FREEZING_S = 0.005  # the next time that the process would run, it does not

_T = TypeVar("_T")


def worker_pids(server: Site, master_pid: int | None = None) -> frozenset[int]:
    """The master's living worker processes. `master_pid` when somebody else started gunicorn (supervisord, a shell).

    A forked worker keeps the master's command line, unless setproctitle renames both.
    """
    pids = set()
    with suppress(psutil.Error):
        master = master_pid or server.pid
        command = psutil.Process(master).cmdline()
        for child in processes(children(master)):
            with suppress(psutil.Error):
                # One that has ended and is not reaped yet has no command line any more.
                line = child.cmdline()
                if line == command or " ".join(line).startswith("gunicorn: worker"):
                    pids.add(child.pid)
    return frozenset(pids)


def loaded_pids(server: Site) -> frozenset[int]:
    """The living workers that have imported the app, as the probe tells; all of them when the master did (preload)."""
    workers = worker_pids(server)
    importers = {int(event["pid"]) for event in server.seen(EventKind.APP_LOADED)}
    return workers if server.pid in importers else workers & importers


def wait_for_workers(server: Site, count: int, deadline_s: float = BOOT_DEADLINE_S) -> frozenset[int] | None:
    """Exactly `count` workers, each of which has imported the app; None when it never comes to that.

    Wait for it before a reload: a worker that is still importing would take the new code, reload or not.
    """
    return _until(server, lambda: _all_loaded(server, count, frozenset()), deadline_s)


def wait_replaced(
    server: Site, old: frozenset[int], count: int, deadline_s: float = BOOT_DEADLINE_S
) -> frozenset[int] | None:
    """The `count` workers that have taken the place of `old`, when all of `old` are gone; None at the deadline.

    An old worker stays until its last request is done: release what it holds before.
    """
    return _until(server, lambda: _all_loaded(server, count, old), deadline_s)


def wait_gone(server: Site, pids: frozenset[int], deadline_s: float = BOOT_DEADLINE_S) -> bool:
    """Whether all of these processes have ended."""
    return _until(server, lambda: not any(_lives(pid) for pid in pids) or None, deadline_s) is not None


def reload(server: Site, master_pid: int | None = None) -> float:
    """Send HUP: new workers with the new code, old ones leave when they are done. Returns the moment it was sent."""
    return send(server, signal.SIGHUP, master_pid)


def send(server: Site, number: signal.Signals, pid: int | None = None) -> float:
    """Send a signal to the master, or to another of the server's processes; returns the moment it was sent.

    Who is gone already gets nothing: the check sees soon enough what did not happen.
    """
    target = server.pid if pid is None else pid
    event = server.run.history.record(EventKind.PROCESS_SIGNALLED, server=server.name, pid=target, signal=number.name)
    _kill(target, number)
    return event.t


def freeze(server: Site, pid: int) -> frozenset[int]:
    """Stop a master where it stands (SIGSTOP), and its workers from then on: it forks nobody until it gets SIGCONT.

    Its workers go on. SIGKILL ends it all the same; any other signal waits for SIGCONT.
    """
    send(server, signal.SIGSTOP, pid)
    wait_until(lambda: _is_frozen(pid), TOLD_DEADLINE_S, every_s=FREEZING_S)
    return worker_pids(server, pid)


def kill_worker(server: Site, pid: int) -> None:
    """End a worker by SIGKILL, as a machine out of memory does: no hook runs, nothing is finished."""
    server.run.history.record(EventKind.PROCESS_KILLED, name=f"{server.name}: worker", pid=pid)
    _kill(pid, signal.SIGKILL)


def wait_pid_of(server: Site, exchange: Exchange | Answer, deadline_s: float = TOLD_DEADLINE_S) -> int:
    """The worker in which this request has reached the learner's code, as the probe tells; 0 when it has not.

    Waits for the probe's word, which may come a little after the request has been seen at the Gate.
    """
    request = exchange.request if isinstance(exchange, Answer) else exchange.id
    matches = partial(_is_of, request)
    entered = server.run.history.wait_for(EventKind.APP_ENTERED, matches, deadline_s=deadline_s)
    return int(entered["pid"]) if entered else 0


def wait_answering_pid(server: Site, answer: Answer) -> int:
    """Who gave this answer, as the probe tells; without a probe in the server, the number that the page shows.

    0 when neither tells.
    """
    if server.seen(EventKind.APP_LOADED):
        return wait_pid_of(server, answer)
    return int(answer.text) if answer.text.isdecimal() else 0


def wait_until_new_workers_answer(
    server: Site, path: str, old: frozenset[int], deadline_s: float = BOOT_DEADLINE_S
) -> Answer | None:
    """Ask for `path`, one request after the other, until one outside `old` answers; None when that never happens.

    Where there is no probe in the server, `path` is a page that shows the process id and nothing else.
    Each of these requests has to be answered: one that breaks, waits or gets a 5xx ends the check with its finding.
    """

    def newly_answered() -> Answer | None:
        answer = server.expect_get(path, deadline_s=deadline_s)
        return answer if (pid := wait_answering_pid(server, answer)) and pid not in old else None

    return wait_until(newly_answered, deadline_s)


def _all_loaded(server: Site, count: int, old: frozenset[int]) -> frozenset[int] | None:
    workers = worker_pids(server)
    settled = len(workers) == count and not workers & old and not any(_lives(pid) for pid in old)
    return workers if settled and loaded_pids(server) == workers else None


def _until(server: Site, look: Callable[[], _T | None], deadline_s: float) -> _T | None:
    # The system tells nobody of a grandchild's birth or death. Ends early when the master has died. In a tuple: no
    # workers at all may be just what is waited for.
    found = wait_until(lambda: None if (seen := look()) is None else (seen,), deadline_s, unless_ended=server.process)
    return found[0] if found else None


def _lives(pid: int) -> bool:
    with suppress(psutil.Error):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def _is_frozen(pid: int) -> bool:
    with suppress(psutil.Error):
        return psutil.Process(pid).status() in {psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE}
    return True


def _kill(pid: int, number: signal.Signals) -> None:
    if pid <= 1:  # 0 would be our own process group
        raise ValueError(f"{number.name} for process {pid}: whose it is was not told")
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _is_of(request: str, event: Event) -> bool:
    return bool(event["request"] == request)
