"""The duty of MaintenanceGate alone: it follows its flag file. The lab's report is judged here, nothing is run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from checker.harness.findings import fail
from checker.harness.http import is_retry_after
from checker.stage_2.wsgi_middleware.inside.lab import GATE_VISITS
from checker.stage_2.wsgi_middleware.lab import Trial, header_values, place_of

SHOWN = 60


def expect_flag_followed(trial: Trial) -> None:
    """While the flag file exists: 503 with Retry-After, and the app is not called. Else the app is."""
    for number, (visit, (is_closed, method)) in enumerate(zip(trial.visits, GATE_VISITS, strict=True)):
        status = str(visit["started"][-1]["status"]) if visit["started"] else "no status"
        if visit["raised"] and not visit["app"]["calls"]:
            _fail_as_raised(trial, visit, method, is_closed=is_closed)
        if not is_closed:
            if visit["app"]["calls"] != 1:
                came = "is gone again" if number else "does not exist"
                wanted = f"the app is called while the flag file {came}, for one {method}"
                saw = f"{status}; the app was called {visit['app']['calls']} times"
                where = trial.line("started", "returned", visit=visit)
                fail("gate-misses-its-flag", wanted=wanted, saw=saw, where=where)
            continue
        if visit["app"]["calls"] or not status.startswith("503"):
            wanted = f"a {method} gets status 503 while the flag file exists, without calling the app"
            entered = "; the app was called" if visit["app"]["calls"] else ""
            error = f"; {visit['raised']['type']}: {visit['raised']['message']}" if visit["raised"] else ""
            raised_at = place_of(visit["raised"]["where"]) if visit["raised"] else None
            where = raised_at or trial.line("called", "started", "returned", visit=visit)
            fail("gate-misses-its-flag", wanted=wanted, saw=f"{status}{entered}{error}", where=where)
        if method == "HEAD" and visit["body"]:
            wanted = "a 503 without a body for HEAD: the head is all that was asked for (RFC 9110, 9.3.2)"
            saw = f"a body of {len(visit['body'])} bytes: {visit['body'][:SHOWN]!r}"
            fail("body-for-head", wanted=wanted, saw=saw, where=trial.line("returned", "body", visit=visit))
        length = header_values(visit, "content-length")
        if length and method != "HEAD" and length != [str(len(visit["body"]))]:
            wanted = "a 503 whose Content-Length is the number of bytes in its page"
            saw = f"Content-Length: {length[0]}, and a page of {len(visit['body'])} bytes"
            fail("breaks-the-protocol", wanted=wanted, saw=saw, where=trial.line("started", visit=visit))
        retry_after = header_values(visit, "retry-after")
        if not is_retry_after(retry_after[0] if retry_after else None):
            wanted = "a 503 with Retry-After, in whole seconds or as a date"
            saw = f"Retry-After: {retry_after[0]}" if retry_after else "no Retry-After"
            fail("no-retry-after", wanted=wanted, saw=saw, where=trial.line("started", visit=visit))


def _fail_as_raised(trial: Trial, visit: Mapping[str, Any], method: str, *, is_closed: bool) -> NoReturn:
    """The gate failed by itself: it broke a rule of WSGI, with a page of text say, or raised something else."""
    error = f"{visit['raised']['type']}: {visit['raised']['message']}"
    saw = f"the head of the {visit['started'][-1]['status'][:3]}, then {error}" if visit["started"] else error
    where = place_of(visit["raised"]["where"]) or trial.line("returned", "body", visit=visit)
    if visit["raised"]["type"] == "AssertionError":
        wanted = f"the answer to a {method} keeps the rules of wsgiref.validate: a head of str, a page of bytes"
        fail("breaks-the-protocol", wanted=wanted, saw=saw, where=where)
    wanted = f"a {method} is answered while the flag file {'exists' if is_closed else 'does not exist'}"
    fail("middleware-raised", wanted=wanted, saw=saw, where=where)
