"""What went wrong on a bridge, told before what a visitor saw of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from checker.harness import diagnosis
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.history import Event, History
from checker.harness.http import Answer
from checker.harness.server import Server
from checker.harness.unawaited import wait_unawaited
from checker.stage_5.asgiref_bridges import places
from checker.stage_5.asgiref_bridges.asking import Asker, Command, Visitor
from course.model import SourceLine

HELD_S = 0.5
NEWS_WITHIN_S = 0.5
COMMAND_WITHIN_S = 20.0
SDK_ERRORS = frozenset({"CarrierDown", "NoSuchParcel", "Refused"})
# What an error says of its cause. The first that matches counts.
KNOWN_ERRORS = {
    "not-signed-in": r"^NotSignedIn:",
    "meter-misused": r"^MeterMisused:",
    "other-loop": r"on another event loop|to a different (event )?loop|Event loop is closed|no current event loop",
    "bridge-on-loop": r"AsyncToSync in the same thread|from a running event loop|loop is(?: already)? running",
    "wrong-bridge": r"can only be applied to sync functions|coroutine was expected|awaitable is required",
    "never-awaited": r"\bcoroutine\b",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of the given modules, and the status by which the given views tell of it. Any text will do for none."""

    error: str
    status: int
    text: str


def down(text: str) -> Failure:
    """The carrier is down, for this reason."""
    return Failure("CarrierDown", 503, text)


def refused(text: str) -> Failure:
    """The register refuses, for this reason."""
    return Failure("Refused", 409, text)


def stall(server: Server | None) -> Event | None:
    """What holds the loop now, and has for a while; a busy machine lets it go on before."""
    if server is None:
        return None
    resumed_s = max((event.t for event in server.seen(EventKind.LOOP_RESUMED)), default=0.0)
    held = server.seen(EventKind.LOOP_STALLED, since=resumed_s)
    return held[-1] if held and History.now() - held[-1].t >= HELD_S else None


def judge_stall(server: Server | None, wanted: str) -> None:
    """End the check when the loop is held."""
    if held := stall(server):
        raise diagnosis.loop_blocked(held, wanted)


def judge(asker: Asker, wanted: str) -> None:
    """End the check when the loop is held, or the asker has been answered already: it should not have been."""
    judge_stall(asker.server, wanted)
    if not asker.is_done:
        return
    if isinstance(asker, Command):
        judge_ended(asker, wanted)
        saw = f"it had ended by then: {_short(' '.join(asker.program.lines))}"
        fail("wrong-answer", wanted=wanted, saw=saw, where=places.definition(asker.run, asker.function))
    answer = expect_any_answer(asker, wanted)
    judge_answer(asker, answer, wanted)
    saw = f"it was answered by then: {_shown(answer)}"
    judge_unawaited(asker.server, wanted, saw)
    fail("wrong-answer", wanted=wanted, saw=saw, where=places.definition(asker.server.run, asker.function))


def expect_any_answer(visitor: Visitor, wanted: str) -> Answer:
    """The answer, whatever it says; the check ends when there is none."""
    answer = visitor.exchange.wait_answer(NEWS_WITHIN_S)
    if answer is None:
        judge_stall(visitor.server, wanted)
        raise diagnosis.no_answer(visitor.server, visitor.exchange, NEWS_WITHIN_S)
    return answer


def judge_answer(visitor: Visitor, answer: Answer, wanted: str) -> None:
    """End the check when the answer is an error page."""
    if answer.status < 500 or (event := _error(visitor)) is None:
        return
    told = f"{event['type']}: {event['message']}"
    for code, pattern in KNOWN_ERRORS.items():
        if re.search(pattern, told):
            where = _blamed(visitor, code) or event.where
            fail(code, wanted=wanted, saw=f"status {answer.status}: {told}", where=where)
    coroutine = places.line(visitor.server.run, r"async def look_up\b") if "non-dict objects" in told else None
    if coroutine and visitor.function == "look_up":
        fail("never-awaited", wanted=wanted, saw=f"status {answer.status}: {told}", where=coroutine)
    raise diagnosis.error_finding(event, wanted, f"status {answer.status}: ")


def expect_failure_told(visitor: Visitor, answer: Answer, failure: Failure, wanted: str) -> None:
    """The page has met this error, with its text; else the check ends."""
    body = answer.json()
    told = body.get("error") if isinstance(body, dict) else None
    if answer.status == failure.status and isinstance(told, str) and failure.text in (told, ""):
        return
    event = _error(visitor) if answer.status >= 500 else None
    if event is not None and event["type"] not in SDK_ERRORS:
        judge_answer(visitor, answer, wanted)
    saw, in_group = _shown(answer), False
    if event is not None:
        in_group = bool(event.get("group"))
        saw = f"status {answer.status}: {event['type']}: {event['message']}"
        saw += f", inside an {event['group']}" if in_group else ""
    where = places.error(visitor.server.run, failure.error, in_group=in_group)
    fail("error-changed", wanted=wanted, saw=saw, where=where or (event.where if event else None))


def fail_as_command_changed(command: Command, wanted: str, code: int | None) -> NoReturn:
    """The finding for an error that did not reach the command as it was."""
    _judge_known(command, wanted)
    last = (command.program.errors.strip().splitlines() or ["nothing on stderr"])[-1]
    saw = f"exit code {code}: {last}"
    where = places.error(command.run, "Refused", in_group="ExceptionGroup" in command.program.errors)
    fail("error-changed", wanted=wanted, saw=saw, where=where)


def judge_ended(command: Command, wanted: str) -> None:
    """End the check when the command has ended with an error of the learner's code."""
    _judge_known(command, wanted)
    if command.program.wait(0):
        raise command.program.crashed(wanted)


def judge_unawaited(server: Server | None, wanted: str, saw: str) -> None:
    """End the check when the server has warned of a coroutine that nobody awaited."""
    if server is None:
        return
    for one in wait_unawaited(server):
        name = one.coroutine.rpartition(".")[2]
        where = one.where if one.where and one.where.file not in server.run.given else None
        where = where or places.coroutine(server.run, name)
        fail("never-awaited", wanted=wanted, saw=one.told + (f"; {saw}" if saw else ""), where=where)


def _judge_known(command: Command, wanted: str) -> None:
    errors = command.program.errors
    for code, pattern in KNOWN_ERRORS.items():
        if "Traceback" in errors and (found := re.search(rf"^.*(?:{pattern.lstrip('^')}).*$", errors, re.MULTILINE)):
            where = command.program.crashed(wanted).finding.where
            fail(code, wanted=wanted, saw=found[0].strip(), where=where)


def _blamed(visitor: Visitor, code: str) -> SourceLine | None:
    """The line behind an error that is raised elsewhere: what was opened on a loop that ended with its bridge."""
    if code == "other-loop" and visitor.function == "look_up":
        return places.line(visitor.server.run, r"to_sync\(.*\bopen\b", r"get_event_loop\(|new_event_loop\(")
    return None


def _error(visitor: Visitor) -> Event | None:
    return diagnosis.wait_error(visitor.server, visitor.exchange.id)


def _shown(answer: Answer) -> str:
    return f"status {answer.status}: {_short(answer.text)}"


def _short(text: str) -> str:
    return repr(text if len(text) <= 160 else f"{text[:159]}…")
