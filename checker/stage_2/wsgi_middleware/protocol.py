"""The duties of both middlewares, which PEP 3333 gives to whatever stands between server and app.

The lab's report is judged here, nothing is run. Each duty has its own diagnosis.
"""

from __future__ import annotations

from typing import NoReturn

from checker.harness.difference import difference
from checker.harness.findings import fail
from checker.stage_2.wsgi_middleware.inside.lab import LEDGER
from checker.stage_2.wsgi_middleware.inside.probe_app import CHUNKS, WRITTEN
from checker.stage_2.wsgi_middleware.lab import Trial, place_of, request_ids, shown_ids

WHOLE = b"".join(CHUNKS).decode()
ALL_WRITTEN = b"".join(WRITTEN).decode()
NO_CLOSE = "has no attribute 'close'"
NOT_WSGI = ("positional argument", "'dict' object has no attribute")


def expect_wsgi(trial: Trial) -> None:
    """It takes an app and is one: called as a server calls, it gives what a server takes."""
    name = trial.candidate
    if _is_of_the_starter(trial):
        wanted = "an app may call the start_response it gets with two arguments: exc_info is optional"
        fail("exc-info-dropped", wanted=wanted, saw=trial.error, where=trial.line("starter"))
    if trial.error and any(sign in trial.error for sign in NOT_WSGI):
        wanted = f"{name}(app) is called with environ and start_response, as every WSGI app"
        fail("not-a-wsgi-app", wanted=wanted, saw=trial.error, where=trial.raised_at)
    if trial.error.startswith("AssertionError"):
        fail_as_broken_rule(trial)
    _judge_close_assumed(trial)
    if trial.error:
        wanted = f"{name} passes a plain response on"
        fail("middleware-raised", wanted=wanted, saw=trial.error, where=trial.raised_at)
    if trial.visit["body"] != WHOLE:
        _fail_as_changed_body(trial, WHOLE, "body-changed")


def fail_as_broken_rule(trial: Trial) -> NoReturn:
    """A rule of WSGI was broken: the one that wsgiref.validate names."""
    wanted = f"what {trial.candidate} gives and takes keeps the rules that wsgiref.validate checks"
    where = trial.raised_at
    if trial.visit["where"]["pulled"] is None and "iterator" in trial.error.lower():
        where = trial.line("returned")  # a body of its own making
    fail("breaks-the-protocol", wanted=wanted, saw=trial.error, where=where)


def expect_late_start_allowed(trial: Trial) -> None:
    """The app may call start_response as late as in its first chunk."""
    if trial.error or trial.visit["body"] != WHOLE or (trial.candidate == LEDGER and not request_ids(trial.visit)):
        fail(
            "status-before-start",
            wanted="an app that calls start_response when its first chunk is asked for, as a generator does, is served",
            saw=trial.error or f"{trial.statuses} with {shown_ids(request_ids(trial.visit))}",
            where=trial.raised_at,
        )


def expect_no_close_needed(trial: Trial) -> None:
    """A body may have no close(), as a list has none."""
    _judge_close_assumed(trial)


def expect_writes_passed(trial: Trial) -> None:
    """What the app sends through write() arrives, before the body."""
    wanted = "the app gets back from start_response a write() that sends its bytes to the server"
    if trial.error:
        # An error that came through the call of the app alone is of the write() that it was given.
        raised_at = trial.raised_at if trial.raised_at != trial.line("called") else None
        fail("write-lost", wanted=wanted, saw=trial.error, where=raised_at or trial.start_line)
    if trial.visit["body"] != ALL_WRITTEN:
        _fail_as_changed_body(trial, ALL_WRITTEN, "write-lost", wanted)


def expect_exc_info_passed(trial: Trial) -> None:
    """An app that fails after it has started may start again, with exc_info."""
    if trial.error or not trial.statuses[-1:] or not trial.statuses[-1].startswith("500"):
        fail(
            "exc-info-dropped",
            wanted="an app that fails before its first chunk may call start_response again, with exc_info",
            saw=trial.error or f"the second status, 500, never came to the server; it was told {trial.statuses}",
            where=trial.line("starter") if trial.error.startswith("TypeError") else trial.start_line,
        )


def expect_chunks_passed(trial: Trial) -> None:
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


def expect_closed(trial: Trial) -> None:
    """The body's close() is called, at least once, when the server closes what it was given."""
    when = {
        "iter": "after the last chunk",
        "abort": "after a visitor left at the first chunk",
        "unpulled": "by a server that had not asked for a chunk yet",
        "raise-first": "after the app failed at its first chunk",
        "raise": "after the app failed at its second chunk",
        "bad-iter": "after iter() of it had failed",
        "own-iterator": "after the last chunk of its iterator, which is another object",
        "generator": "after the last chunk of its iterator, which is another object, with a close() of its own",
    }[trial.scenario]
    # An app that has not been called has opened nothing.
    if trial.visit["app"]["calls"] and not trial.visit["app"]["closed"]:
        wanted = f"when a response through {trial.candidate} is over, the app's own body is closed"
        saw = f"its close() was not called {when}"
        if trial.is_unbegun_generator:
            fail_as_unbegun_generator(trial, wanted, saw)
        if trial.scenario == "bad-iter" and trial.is_raised_in_the_call:
            saw = f"iter() of it raised while {trial.candidate} was called: no body for a server to close; {saw}"
        fail("close-lost", wanted=wanted, saw=saw, where=trial.body_line, facts={"when": when})


def fail_as_unbegun_generator(trial: Trial, wanted: str, saw: str) -> NoReturn:
    """What should have been done at the end was left to a generator that never began."""
    saw = f"{saw}: a generator was returned, and none of its lines had run when it was closed"
    fail("generator-never-begun", wanted=wanted, saw=saw, where=trial.line("returned", "body"))


def expect_errors_passed(trial: Trial) -> None:
    """What the app raises reaches the server as it was."""
    raised = "SystemExit" if trial.scenario == "exit" else "LookupError"
    if not trial.error.startswith(raised):
        when = {
            "raise-first": "at its first chunk",
            "raise": "at its second chunk",
            "bad-close": "in its body's close()",
            "bad-iter": "when iter() was called on its body",
        }.get(trial.scenario, "when it was called")
        instead = f": the server got {trial.error} in its place" if trial.error else ""
        fail(
            "error-swallowed",
            wanted="an error of the app reaches the server, which logs it and ends the answer",
            saw=f"the {raised} that the app raised {when} did not arrive{instead}",
            where=trial.raised_at if trial.error or trial.scenario not in ("fail", "exit") else trial.line("called"),
        )


def _is_of_the_starter(trial: Trial) -> bool:
    """Whether the error is that the learner's start_response had too few arguments, by the name Python gives it."""
    starter = trial.visit["where"]["starter"]
    called, _, rest = trial.error.removeprefix("TypeError: ").partition("() missing ")
    return bool(starter and rest) and starter["function"] in called.split(".")[-2:]


def _judge_close_assumed(trial: Trial) -> None:
    """Whether the error is that close() was called on a body that has none, such as a list."""
    if NO_CLOSE in trial.error:
        wanted = f"{trial.candidate} passes on a body without close(), such as a list"
        fail("close-assumed", wanted=wanted, saw=trial.error, where=trial.raised_at)


def _fail_as_changed_body(trial: Trial, body: str, code: str, wanted: str = "") -> NoReturn:
    """The server got other bytes than the app gave: what is missing first, then where they part."""
    found = trial.visit["body"]
    wanted = wanted or f"{trial.candidate} hands on the body as it is, all {len(body)} bytes"
    missing = f"{len(body) - len(found)} of them never came" if found and body.startswith(found) else ""
    saw = f"none of the app's {len(body)} bytes came" if not found else missing or "other bytes came"
    where = place_of(trial.visit["pulled_ahead_at"]) or (trial.start_line if code == "write-lost" else trial.body_line)
    fail(code, wanted=wanted, saw=f"{saw}\n{difference(body.encode(), found.encode('latin-1'))}", where=where)
