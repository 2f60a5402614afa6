"""The answers of the learner's server and adapter: waited for, and why one did not come or was an error.

Gives the findings that several checks share; what is promised stands in the checks.
"""

from __future__ import annotations

from typing import NoReturn

from checker.harness import diagnosis, tracebacks
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.history import History
from checker.harness.http import ANSWER_DEADLINE_S, Answer, Exchange
from checker.harness.idle import Rest
from checker.harness.lines import line_matching
from checker.harness.site import BOOT_DEADLINE_S, SelfBound, Site
from checker.harness.waiting import wait_until
from checker.stage_1.gateways.kinds import Kind
from checker.stage_1.gateways.lab import SOON_S
from course.model import SourceLine

SERVER_FILE = "gateway/wsgi_server.py"
ADAPTER_FILE = "gateway/wsgi_to_asgi.py"
READS = (r"\.read\(\)", r"\.read\(", r"\.recv\(", r"\.readline\(")


def expect_answer(site: Site, exchange: Exchange, wanted: str, deadline_s: float = ANSWER_DEADLINE_S) -> Answer:
    """The whole answer, of whatever status. Else the check ends with why there is none, in the learner's own line."""
    began = History.now()
    answer = wait_answer(site, exchange, deadline_s)
    if answer is not None:
        return answer
    if isinstance(site, SelfBound):
        _judge_own_server(site, exchange, wanted)
    raise diagnosis.no_answer(site, exchange, History.now() - began)


def wait_answer(site: Site, exchange: Exchange, deadline_s: float = ANSWER_DEADLINE_S) -> Answer | None:
    """The whole answer, waited for; None at the deadline, or when the server rests and has not given it."""
    if exchange.wait_answer(min(SOON_S, deadline_s)) is None:
        wait_until(lambda: exchange.is_done, deadline_s, unless_ended=Rest(site.process))
    return exchange.wait_answer(0)


def expect_open(site: Site, path: str) -> None:
    """Wait for the first answer, of whatever status. Else the check ends with why the server never came so far."""
    if isinstance(site, SelfBound):
        if not wait_until(site.listens, BOOT_DEADLINE_S, unless_ended=site.process):
            site.expect_ready(path)  # ends with why nobody listens
        expect_answer(site, site.send(path, label="first request"), "the first visitor is answered")
        return
    first = site.send(path, label="first request")
    if first.wait_answer(BOOT_DEADLINE_S) is None:
        raise diagnosis.did_not_answer(site, first, BOOT_DEADLINE_S)


def line_of(site: Site, *patterns: str) -> SourceLine | None:
    """The first line of the learner's server or adapter that one of these matches, after its indentation."""
    file = SERVER_FILE if isinstance(site, SelfBound) else ADAPTER_FILE
    return line_matching(site.run.project, file, [rf"\s*(?![#\s]).*{pattern}" for pattern in patterns])


def expect_success(site: Site, exchange: Exchange, wanted: str) -> Answer:
    """The whole answer, which must not be an error of the server's."""
    answer = expect_answer(site, exchange, wanted)
    if answer.status < 500:
        return answer
    if isinstance(site, SelfBound) and (trouble := last_error(site)):
        fail("server-error", wanted=wanted, saw=f"status {answer.status}: {trouble[0]}", where=trouble[1])
    raise diagnosis.server_error(site, exchange, answer)


def last_error(site: Site) -> tuple[str, SourceLine | None] | None:
    """The last traceback in the server's log: its error, and the innermost line of the learner's folder."""
    site.process.log.wait_end(0.2)
    found = tracebacks.last(site.process.log.text, site.run.project, site.run.given)
    return None if found is None else (found.error, found.where)


def fail_as_kept_open(wanted: str, came: str, where: SourceLine | None) -> NoReturn:
    """End the check: an answer has come, and the connection was not closed behind it."""
    saw = f"{came}, and then nothing: your server keeps the connection open, and the visitor waits for more"
    fail("connection-kept-open", wanted=wanted, saw=saw, where=where)


def expect_free_loop(site: Site, since: float, wanted: str, deadline_s: float = 0.5) -> None:
    """Say that the loop stood still, when it did."""
    if not isinstance(site, SelfBound) and (
        stall := diagnosis.wait_blocked_loop(site, since=since, deadline_s=deadline_s)
    ):
        raise diagnosis.loop_blocked(stall, wanted)


def _judge_own_server(site: SelfBound, exchange: Exchange, wanted: str) -> None:
    is_dead = site.process.wait(0.5) is not None
    trouble = last_error(site)
    if is_dead:
        error, place = trouble or ("no error in its log", None)
        saw = f"your server ended while it served {exchange.label}: {error}"
        fail("server-exited", wanted=wanted, saw=saw, where=place)
    if exchange.is_done and trouble:
        fail("server-error", wanted=wanted, saw=f"the connection broke: {trouble[0]}", where=trouble[1])
    if not exchange.is_done and exchange.head is not None:
        came = f"the head arrived (status {exchange.head[0]}), {exchange.received} bytes of the body"
        fail_as_kept_open(f"{wanted}, and its end", came, line_of(site, r"\.accept\("))
    if not exchange.is_done and not _is_entered(site, exchange):
        saw = "no byte, and the app was not called: your server waits for more of the request than the visitor sends"
        fail("waits-for-more", wanted=wanted, saw=saw, where=line_of(site, *READS))


def _is_entered(site: Site, exchange: Exchange) -> bool:
    """Whether the app was called for it; a call whose environ lost the request's name may have been this one."""
    sent = [e.t for e in site.run.history.events(EventKind.REQUEST_SENT) if e["request"] == exchange.id]
    return any(e["request"] in ("", exchange.id) for e in site.seen(Kind.LAB_ENTERED, since=min(sent, default=0.0)))
