"""A stop while one request is under way, which has to be answered all the same."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import psutil

from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.gunicorn import master
from checker.harness.http import Answer
from checker.harness.site import Site
from checker.harness.waiting import wait_until
from checker.stage_2.gunicorn_deployment.profiles import GENEROUS_S
from course.model import SourceLine


def expect_finish_through_stop(
    site: Site,
    gate: Gate,
    page: str,
    begin_stop: Callable[[], object],
    *,
    master_pid: int,
    where: SourceLine | None = None,
) -> None:
    """Stop it while one request for `page` waits at the Gate: that one is answered. `begin_stop` waits for nothing."""
    tag = "last"
    last = site.send(f"/{page}/{tag}/", label=f"the last {page}")
    wait_until(lambda: last.is_done or gate.wait_tag(tag, 0), GENEROUS_S)
    idle = master.worker_pids(site, master_pid)
    begin_stop()
    # Whoever is idle leaves at once. Then the busy one has been told too, and has to choose.
    wait_until(lambda: last.is_done or _is_stopping(site, master_pid, idle), GENEROUS_S)
    gate.open()
    answer = last.wait_answer(GENEROUS_S)
    if answer is None or answer.status != 200:
        fail(
            "request-cut",
            wanted=f"a stop lets the {page} finish that is under way",
            saw=f"the stop ended it: {_ending(answer, last.error)}",
            where=where,
        )


def _is_stopping(site: Site, master_pid: int, before: frozenset[int]) -> bool:
    """Whether the master has closed its listening sockets, and the workers that had nothing to do are gone."""
    with suppress(psutil.Error):
        now = master.worker_pids(site, master_pid)
        if len(before) != 1 and len(now & before) == len(before):
            return False
        # Asked last: it reads all connections of the machine.
        return all(c.status != psutil.CONN_LISTEN for c in psutil.Process(master_pid).net_connections("inet"))
    return True


def _ending(answer: Answer | None, error: BaseException | None) -> str:
    return f"status {answer.status}" if answer is not None else f"no answer ({error})"
