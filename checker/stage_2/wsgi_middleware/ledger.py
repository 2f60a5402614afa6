"""The duties of AccessLedger alone: each request has an id, and one true line. Each duty has its own diagnosis.

The lab's report is judged here, nothing is run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from checker.harness.difference import difference
from checker.harness.findings import fail
from checker.stage_2.wsgi_middleware.inside.probe_app import SLOW_S
from checker.stage_2.wsgi_middleware.lab import Trial, place_of, request_ids, shown_ids
from checker.stage_2.wsgi_middleware.protocol import fail_as_unbegun_generator
from course.model import SourceLine

# The learner's clock need not be ours: a wall clock may be set back a little meanwhile.
CLOCK_SLACK_S = 0.1 * SLOW_S
BROKEN_OFF = ("abort", "unpulled", "raise-first", "raise", "bad-iter", "fail", "exit", "bad-close")


def expect_id_carried(trial: Trial) -> None:
    """One X-Request-Id, the visitor's own, in the answer and inside the app."""
    ids, sent = request_ids(trial.visit), trial.visit["asked"]["request_id"]
    wanted = "each answer has one X-Request-Id header: the one the visitor sent, as it is"
    if len(ids) == 1 and ids != [sent]:
        saw = f"it was answered with another\n{difference(sent, ids[0])}"
        fail("request-id-changed", wanted=wanted, saw=saw, where=trial.start_line)
    if ids != [sent]:
        saw = f"a request with {shown_ids([sent])} was answered with {shown_ids(ids)}"
        fail("no-request-id", wanted=wanted, saw=saw, where=trial.start_line)
    given = trial.visit["app"]["given_id"]
    if given != sent:
        _fail_as_no_id_inside(given, trial)


def expect_ids_made(trial: Trial) -> None:
    """A visitor who sends no id gets a new one."""
    found = [request_ids(visit) for visit in trial.visits]
    are_made = all(len(ids) == 1 and ids[0] for ids in found)
    if not are_made or found[0] == found[1]:
        saw = f"two requests without one were answered with {' and '.join(map(shown_ids, found))}"
        wanted = "a request without X-Request-Id gets a new one, different each time"
        fail("state-shared" if are_made else "no-request-id", wanted=wanted, saw=saw, where=trial.start_line)
    if (given := trial.visit["app"]["given_id"]) != found[0][0]:
        _fail_as_no_id_inside(given, trial)


def expect_ledger_line(trial: Trial, *, statuses: Sequence[int], body_bytes: int) -> None:
    """One line for the request, with what is true of it: one of the statuses, and all the rest."""
    asked = trial.visit["asked"]
    mine = [x for x in trial.lines if x["fields"].get("request_id") == asked["request_id"]] or list(trial.lines)
    if not mine:
        _fail_as_no_line(trial)
    fields, where = mine[0]["fields"], place_of(mine[0]["where"])
    if len(mine) > 1:
        wanted = "one line for each request, when its response is over"
        saw = f"{len(mine)} lines for one request{_ending_of(trial)}"
        fail("ledger-twice", wanted=wanted, saw=saw, where=place_of(mine[1]["where"]))
    status = fields["status"] if fields.get("status") in statuses else statuses[0]
    for name, value in {**asked, "status": status, "body_bytes": body_bytes}.items():
        if fields.get(name) != value or isinstance(fields.get(name), bool):
            wanted = f"{name} {value!r} for a response{_ending_of(trial) or ' that went through whole'}"
            fail(
                "wrong-ledger-line",
                wanted=wanted,
                saw=f"{name} {fields.get(name)!r}",
                where=_line_for(trial, name) if isinstance(fields.get(name), int) else where,
                facts={"field": name},
            )


def expect_timed_to_the_end(trial: Trial) -> None:
    """The duration lasts until the body has ended, not until the app returned it or handed on its last chunk."""
    fields = trial.lines[0]["fields"]
    duration = fields.get("duration_ms")
    if is_too_short(duration, trial.visit):
        fail(
            "duration-too-short",
            wanted=f"duration_ms is {lasted_ms(trial.visit):.0f} or more: so long the app took, "
            f"{SLOW_S * 1000:.0f} ms of it after its last chunk",
            saw=f"duration_ms {duration!r}",
            where=place_of(trial.lines[0]["where"]),
        )


def lasted_ms(visit: Mapping[str, Any]) -> float:
    """How long the app took by our own clock: on a busy machine more than the SLOW_S that it sleeps."""
    return max(SLOW_S, float(visit["app"]["lasted_s"])) * 1000


def is_too_short(duration_ms: Any, visit: Mapping[str, Any]) -> bool:
    """Whether this leaves out a part of the time that the app took."""
    return not isinstance(duration_ms, (int, float)) or duration_ms < lasted_ms(visit) - CLOCK_SLACK_S * 1000


def _fail_as_no_line(trial: Trial) -> NoReturn:
    if trial.scenario in BROKEN_OFF:
        wanted = f"a line in the ledger for a response{_ending_of(trial)}"
        if trial.is_unbegun_generator:
            fail_as_unbegun_generator(trial, wanted, "no line was written")
        where = trial.line("called") if trial.scenario in ("fail", "exit") else trial.body_line
        if trial.scenario == "bad-close":
            where = trial.line("closed", "pulled", "returned", "body")
        fail("line-lost-when-broken-off", wanted=wanted, saw="no line was written", where=where)
    wanted = f"a line in the ledger, by journal.write, when a response{_ending_of(trial)} is over"
    fail("no-ledger-line", wanted=wanted, saw="no line was written", where=trial.line("returned", "body"))


def _line_for(trial: Trial, field: str) -> SourceLine | None:
    """The learner's line by which a number for the ledger goes past, to be noted there."""
    if field == "status":
        return trial.line("called") if trial.scenario in ("fail", "exit") else trial.start_line
    # A count of chunks alone has been right by then: what it lacks went through write().
    return trial.line("written", "started", "starter") if trial.scenario == "write" else trial.body_line


def _fail_as_no_id_inside(given: object, trial: Trial) -> NoReturn:
    wanted = "the app inside finds the request's id in environ['HTTP_X_REQUEST_ID']"
    fail("no-request-id", wanted=wanted, saw=f"it found {given!r}", where=trial.line("called"))


def _ending_of(trial: Trial) -> str:
    return {
        "abort": " whose visitor left after the first chunk",
        "unpulled": " that was closed before the server had asked for a chunk",
        "raise-first": " that failed at its first chunk",
        "raise": " that failed at its second chunk",
        "bad-iter": " whose body raised when iter() was called on it",
        "closed-twice": " whose body was closed twice",
        "fail": " that never came, because the app raised",
        "exit": " that never came, because SystemExit was raised in the app",
        "bad-close": " whose body raised in its close()",
        "exc": " whose status changed from 200 to 500 before its first chunk",
        "write": " with a part sent through write()",
    }.get(trial.scenario, "")
