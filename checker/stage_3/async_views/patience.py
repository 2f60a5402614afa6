"""How long an answer is waited for: until the desk rests, since by itself it will then do no more."""

from __future__ import annotations

from checker.harness.history import History
from checker.harness.http import Answer, Exchange
from checker.harness.idle import is_idle
from checker.harness.server import Server

LOOK_EVERY_S = 0.1
# So often in a row, a look each LOOK_EVERY_S, nothing runs in it: no clock of its own is waited for.
RESTS = 20
# What a page does beside its calls takes milliseconds, and lets nothing rest for so many looks in a row.
MOMENT_S = 0.03
MOMENTS = 4
RESTLESS_S = 3.0


def is_at_rest(server: Server) -> bool:
    """Whether neither the server nor one of its workers has anything to do."""
    return all(is_idle(pid) for pid in (server.process.pid, *(child.pid for child in server.process.children)))


def wait_rest(server: Server, page: Exchange) -> None:
    """Return when the server has done all that it does by itself, or has answered the page; at last after a while."""
    until, rests = History.now() + RESTLESS_S, 0
    while rests < MOMENTS and page.wait_answer(MOMENT_S) is None and not page.is_done and History.now() < until:
        rests = rests + 1 if is_at_rest(server) else 0


def wait_answer(server: Server, page: Exchange, clock_s: float, deadline_s: float = 10.0) -> Answer | None:
    """The answer; None when the server rests though `clock_s`, its own deadline for this page, is over."""
    rings_s = History.now() + clock_s
    rests = 0
    while page.wait_answer(LOOK_EVERY_S) is None and not page.is_done and rests < RESTS:
        late_s = History.now() - rings_s
        if late_s > deadline_s:
            break
        rests = rests + 1 if late_s > 0 and is_at_rest(server) else 0
    return page.wait_answer(0)
