"""What the lab saw of the two WSGI middlewares, held against PEP 3333. Each duty has its own diagnosis.

The lab itself is a child program (inside/middleware_lab.py); here its report is judged, nothing is run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from checker.harness.findings import fail
from checker.harness.http import is_retry_after
from checker.stage_2.wsgi_middleware.inside.middleware_lab import GATE_VISITS, INTERLEAVED, LEDGER, STUCK_S
from checker.stage_2.wsgi_middleware.inside.strict_gateway import CHUNKS, SLOW_S, WRITTEN
from checker.stage_2.wsgi_middleware.report import Trial, place_of

WHOLE = b"".join(CHUNKS).decode()
ALL_WRITTEN = b"".join(WRITTEN).decode()
# The learner's clock need not be ours: a wall clock may be set back a little while the app sleeps.
CLOCK_SHARE = 0.9

BROKEN_OFF = ("abort", "unpulled", "raise-first", "raise", "fail", "exit", "bad-close")
LONGEST_SHOWN = 40
NOT_WSGI = ("positional argument", "'dict' object has no attribute")


def is_wsgi(trial: Trial) -> None:
    """It takes an app and is one: called as a server calls, it gives what a server takes."""
    name = trial.candidate
    if _is_of_the_starter(trial):
        wanted = "an app may call the start_response it gets with two arguments: exc_info is optional"
        fail("exc-info-dropped", wanted=wanted, saw=trial.error, where=trial.where("starter"))
    if trial.error and any(sign in trial.error for sign in NOT_WSGI):
        wanted = f"{name}(app) is called with environ and start_response, as every WSGI app"
        fail("not-a-wsgi-app", wanted=wanted, saw=trial.error, where=trial.raised_at)
    if trial.error.startswith("AssertionError"):
        wanted = f"what {name} gives and takes keeps the rules that wsgiref.validate checks"
        fail("breaks-the-protocol", wanted=wanted, saw=trial.error, where=trial.raised_at)
    if trial.error:
        wanted = f"{name} passes a plain response on"
        fail("middleware-raised", wanted=wanted, saw=trial.error, where=trial.raised_at)
    if trial.visit["body"] != WHOLE:
        wanted = f"{name} hands on the body as it is: {WHOLE!r}"
        fail("breaks-the-protocol", wanted=wanted, saw=f"{trial.visit['body']!r}", where=trial.where("body"))


def carries_its_id(trial: Trial) -> None:
    """One X-Request-Id, the visitor's own, in the answer and inside the app."""
    ids, sent = request_ids(trial.visit), trial.visit["asked"]["request_id"]
    if ids != [sent]:
        saw = f"a request with {_headers([sent])} was answered with {_headers(ids)}"
        wanted = "each answer has one X-Request-Id header: the one the visitor sent, as it is"
        fail("no-request-id", wanted=wanted, saw=saw, where=trial.where("starter"))
    given = trial.visit["app"]["given_id"]
    if given != sent:
        _no_id_inside(given, trial)


def makes_ids(trial: Trial) -> None:
    """A visitor who sends no id gets a new one."""
    found = [request_ids(visit) for visit in trial.visits]
    if any(len(ids) != 1 or not ids[0] for ids in found) or found[0] == found[1]:
        saw = f"two requests without one were answered with {' and '.join(map(_headers, found))}"
        wanted = "a request without X-Request-Id gets a new one, different each time"
        fail("no-request-id", wanted=wanted, saw=saw, where=trial.where("starter"))
    if (given := trial.visit["app"]["given_id"]) != found[0][0]:
        _no_id_inside(given, trial)


def may_start_late(trial: Trial) -> None:
    """The app may call start_response as late as in its first chunk."""
    if trial.error or trial.visit["body"] != WHOLE or (trial.candidate == LEDGER and not request_ids(trial.visit)):
        fail(
            "status-before-start",
            wanted="an app that calls start_response when its first chunk is asked for, as a generator does, is served",
            saw=trial.error or f"{trial.statuses} with {_headers(request_ids(trial.visit))}",
            where=trial.raised_at,
        )


def passes_writes(trial: Trial) -> None:
    """What the app sends through write() arrives, before the body."""
    if trial.error or trial.visit["body"] != ALL_WRITTEN:
        fail(
            "write-lost",
            wanted="the app gets back from start_response a write() that sends its bytes to the server",
            saw=trial.error or f"the app wrote {ALL_WRITTEN!r}, the server got {trial.visit['body']!r}",
            where=trial.where("starter"),
        )


def passes_exc_info(trial: Trial) -> None:
    """An app that fails after it has started may start again, with exc_info."""
    if trial.error or not trial.statuses[-1:] or not trial.statuses[-1].startswith("500"):
        fail(
            "exc-info-dropped",
            wanted="an app that fails before its first chunk may call start_response again, with exc_info",
            saw=trial.error or f"the server was told {trial.statuses}",
            where=trial.where("starter"),
        )


def passes_chunks(trial: Trial) -> None:
    """A chunk leaves before the next is asked for, an empty one too."""
    if trial.scenario == "empty" and (trial.visit["pulled_ahead_at"] is not None or trial.error):
        fail(
            "empty-chunk-lost",
            wanted=f"{trial.candidate} yields once for each chunk of the app, also for an empty one",
            saw=trial.error or "after an empty chunk the app was asked for the next, with nothing handed on between",
            where=trial.raised_at if trial.error else place_of(trial.visit["pulled_ahead_at"]),
        )
    if trial.visit["pulled_ahead_at"] is not None:
        fail(
            "stream-buffered",
            wanted=f"{trial.candidate} hands on each chunk before it asks the app for the next",
            saw="the app was asked for its next chunk before the server had seen the one before",
            where=place_of(trial.visit["pulled_ahead_at"]),
        )


def closes(trial: Trial) -> None:
    """The body's close() is called, at least once, when the server closes what it was given."""
    when = {
        "iter": "after the last chunk",
        "abort": "after a visitor left at the first chunk",
        "unpulled": "by a server that had not asked for a chunk yet",
        "raise-first": "after the app failed at its first chunk",
        "raise": "after the app failed at its second chunk",
    }[trial.scenario]
    # An app that has not been called has opened nothing.
    if trial.visit["app"]["calls"] and not trial.visit["app"]["closed"]:
        wanted = f"when a response through {trial.candidate} is over, the app's own body is closed"
        saw = f"its close() was not called {when}"
        fail("close-lost", wanted=wanted, saw=saw, where=trial.where("body"))


def passes_errors(trial: Trial) -> None:
    """What the app raises reaches the server as it was."""
    raised = "SystemExit" if trial.scenario == "exit" else "LookupError"
    if not trial.error.startswith(raised):
        when = {
            "raise-first": "at its first chunk",
            "raise": "at its second chunk",
            "bad-close": "in its body's close()",
        }.get(trial.scenario, "when it was called")
        instead = f": the server got {trial.error} in its place" if trial.error else ""
        fail(
            "error-swallowed",
            wanted="an error of the app reaches the server, which logs it and ends the answer",
            saw=f"the {raised} that the app raised {when} did not arrive{instead}",
            where=trial.raised_at,
        )


def is_in_the_ledger(trial: Trial, *, statuses: Sequence[int], body_bytes: int) -> None:
    """One line for the request, with what is true of it: one of the statuses, and all the rest."""
    asked = trial.visit["asked"]
    mine = [x for x in trial.lines if x["fields"].get("request_id") == asked["request_id"]] or list(trial.lines)
    if not mine:
        _no_line(trial)
    fields, where = mine[0]["fields"], place_of(mine[0]["where"])
    if len(mine) > 1:
        wanted = "one line for each request, when its response is over"
        saw = f"{len(mine)} lines for one request{_ending_of(trial)}"
        fail("ledger-twice", wanted=wanted, saw=saw, where=place_of(mine[1]["where"]))
    status = fields["status"] if fields.get("status") in statuses else statuses[0]
    for name, value in {**asked, "status": status, "body_bytes": body_bytes}.items():
        if fields.get(name) != value or isinstance(fields.get(name), bool):
            wanted = f"{name} {value!r} for a response{_ending_of(trial) or ' that went through whole'}"
            fail("wrong-ledger-line", wanted=wanted, saw=f"{name} {fields.get(name)!r}", where=where)


def is_timed_to_the_end(trial: Trial) -> None:
    """The duration lasts until the body has ended, not until the app returned it or handed on its last chunk."""
    fields = trial.lines[0]["fields"]
    duration = fields.get("duration_ms")
    if not isinstance(duration, (int, float)) or duration < SLOW_S * 1000 * CLOCK_SHARE:
        fail(
            "duration-too-short",
            wanted=f"duration_ms is {SLOW_S * 1000:.0f} or more for an app at work so long after its last chunk",
            saw=f"duration_ms {duration!r}",
            where=place_of(trial.lines[0]["where"]),
        )


def keeps_requests_apart(trial: Trial) -> None:
    """Two requests in turns through one object, on one thread: each has its own line in the ledger."""
    also = ", also with the same id" if trial.scenario == "same-id" else ""
    wanted = f"two requests that go through one middleware object in turns each keep what is theirs{also}"
    if not trial.visits:
        saw = f"no end within {STUCK_S:.0f} s: one waits for what the other keeps until it is over, such as a lock"
        fail("state-shared", wanted=wanted, saw=saw, where=trial.defined)
    for letter, visit in zip(INTERLEAVED, trial.visits, strict=True):
        body, request_id = b"".join(INTERLEAVED[letter].chunks).decode(), visit["asked"]["request_id"]
        if visit["raised"] or visit["body"] != body:
            saw = visit["raised"]["message"] if visit["raised"] else f"request {letter} got {visit['body']!r}"
            fail("state-shared", wanted=wanted, saw=saw, where=trial.defined)
        if trial.candidate == LEDGER and request_ids(visit) != [request_id]:
            saw = f"request {letter} was answered with {_headers(request_ids(visit))}"
            fail("state-shared", wanted=wanted, saw=saw, where=trial.where("starter"))
    if trial.candidate != LEDGER:
        return
    where = place_of(trial.lines[0]["where"]) if trial.lines else trial.defined
    found = sorted((line["fields"] for line in trial.lines), key=lambda fields: str(fields.get("path")))
    right = [
        {
            **visit["asked"],
            "status": int(mine.status[:3]),
            "body_bytes": sum(map(len, mine.chunks)),
        }
        for mine, visit in zip(INTERLEAVED.values(), trial.visits, strict=True)
    ]
    as_found, as_wanted = "; ".join(map(_in_turns, found)), "; ".join(map(_in_turns, right))
    if as_found != as_wanted:
        fail("state-shared", wanted=f"{wanted}: {as_wanted}", saw=as_found or "no line", where=where)
    duration = found[0].get("duration_ms")
    is_too_short = not isinstance(duration, (int, float)) or duration < SLOW_S * 1000 * CLOCK_SHARE
    if trial.scenario == "interleaved" and is_too_short:
        wanted = f"{wanted}: A began {SLOW_S * 1000:.0f} ms before B, and has a duration_ms of that or more"
        fail("state-shared", wanted=wanted, saw=f"duration_ms {duration!r} in A's line", where=where)


def follows_its_flag(trial: Trial) -> None:
    """While the flag file exists: 503 with Retry-After, and the app is not called. Else the app is."""
    for number, (visit, (is_closed, method)) in enumerate(zip(trial.visits, GATE_VISITS, strict=True)):
        status = str(visit["started"][-1]["status"]) if visit["started"] else "no status"
        if not is_closed:
            if visit["app"]["calls"] != 1:
                came = "is gone again" if number else "does not exist"
                wanted = f"the app is called while the flag file {came}, for one {method}"
                saw = f"{status}; the app was called {visit['app']['calls']} times"
                fail("gate-misses-its-flag", wanted=wanted, saw=saw, where=trial.defined)
            continue
        if visit["app"]["calls"] or not status.startswith("503"):
            wanted = f"a {method} gets status 503 while the flag file exists, without calling the app"
            entered = "; the app was called" if visit["app"]["calls"] else ""
            error = f"; {visit['raised']['type']}: {visit['raised']['message']}" if visit["raised"] else ""
            fail("gate-misses-its-flag", wanted=wanted, saw=f"{status}{entered}{error}", where=trial.defined)
        retry_after = header_values(visit, "retry-after")
        if not is_retry_after(retry_after[0] if retry_after else None):
            wanted = "a 503 with Retry-After, in seconds or as a date"
            saw = f"Retry-After: {retry_after[0]}" if retry_after else "no Retry-After"
            fail("no-retry-after", wanted=wanted, saw=saw, where=trial.defined)


def request_ids(visit: dict[str, Any]) -> list[str]:
    """The values of X-Request-Id in the head that counts: the last one the server was told."""
    return header_values(visit, "x-request-id")


def header_values(visit: dict[str, Any], name: str) -> list[str]:
    """The values of one header in the head that counts."""
    headers = visit["started"][-1]["headers"] if visit["started"] else []
    return [str(value) for key, value in headers if str(key).lower() == name]


def _is_of_the_starter(trial: Trial) -> bool:
    """Whether the error is that the learner's start_response had too few arguments, by the name Python gives it."""
    starter = trial.visit["where"]["starter"]
    called, _, rest = trial.error.removeprefix("TypeError: ").partition("() missing ")
    return bool(starter and rest) and starter["function"] in called.split(".")[-2:]


def _no_line(trial: Trial) -> NoReturn:
    if trial.scenario in BROKEN_OFF:
        wanted = f"a line in the ledger for a response{_ending_of(trial)}"
        fail("line-lost-when-broken-off", wanted=wanted, saw="no line was written", where=trial.where("body"))
    wanted = f"a line in the ledger, by journal.write, when a response{_ending_of(trial)} is over"
    fail("no-ledger-line", wanted=wanted, saw="no line was written", where=trial.where("body"))


def _no_id_inside(given: object, trial: Trial) -> NoReturn:
    wanted = "the app inside finds the request's id in environ['HTTP_X_REQUEST_ID']"
    fail("no-request-id", wanted=wanted, saw=f"it found {given!r}", where=trial.defined)


def _ending_of(trial: Trial) -> str:
    return {
        "abort": " whose visitor left after the first chunk",
        "unpulled": " that was closed before the server had asked for a chunk",
        "raise-first": " that failed at its first chunk",
        "raise": " that failed at its second chunk",
        "closed-twice": " whose body was closed twice",
        "fail": " that never came, because the app raised",
        "exit": " that never came, because SystemExit was raised in the app",
        "bad-close": " whose body raised in its close()",
        "exc": " whose status changed from 200 to 500 before its first chunk",
        "write": " with a part sent through write()",
    }.get(trial.scenario, "")


def _in_turns(fields: dict[str, Any]) -> str:
    told = [fields.get(name) for name in ("request_id", "method", "path", "status", "body_bytes")]
    return "{}: {} {} {} {} bytes".format(*told)


def _headers(values: Iterable[str]) -> str:
    return ", ".join(f"X-Request-Id: {_shortened(value)}" for value in values) or "no X-Request-Id"


def _shortened(value: str) -> str:
    return value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}... ({len(value)} characters)"
