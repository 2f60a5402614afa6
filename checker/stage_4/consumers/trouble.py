"""What went wrong inside the learner's process, told before what a client saw of it."""

from __future__ import annotations

import re
from typing import Protocol

from checker.harness import diagnosis, tracebacks
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.history import Event, History
from checker.harness.server import Server
from checker.harness.unawaited import wait_unawaited
from checker.stage_4.consumers import places
from course.model import SourceLine

NEWS_WITHIN_S = 0.3
HELD_S = 0.5
ENDED_BY_AN_ERROR = "Exception in ASGI application"  # uvicorn's words


class Party(Protocol):
    """A socket of a check."""

    @property
    def id(self) -> str:
        """What the probe calls it."""
        ...

    @property
    def path(self) -> str:
        """Where it is connected."""
        ...


def stall(server: Server) -> Event | None:
    """What holds the loop now, and has for a while; a busy machine lets it go on before."""
    resumed_s = max((event.t for event in server.seen(EventKind.LOOP_RESUMED)), default=0.0)
    held = server.seen(EventKind.LOOP_STALLED, since=resumed_s)
    return held[-1] if held and History.now() - held[-1].t >= HELD_S else None


def error(server: Server, id_: str) -> Event | None:
    """The error that has ended this socket's consumer, if the probe has told of one."""
    return diagnosis.raised(server, request=id_)


def judge_stall(server: Server, wanted: str) -> None:
    """End the check when the loop is held."""
    if held := stall(server):
        raise diagnosis.loop_blocked(held, wanted)


def judge(server: Server, party: Party, wanted: str, *, code: str = "consumer-crashed") -> None:
    """End the check when the loop is held, or this socket's consumer has ended with an error."""
    judge_stall(server, wanted)
    judge_error(server, party.id, party.path, wanted, code=code)


def judge_error(server: Server, id_: str, path: str, wanted: str, *, code: str, since: float = 0.0) -> None:
    """End the check when this socket's consumer has raised, or anybody's when it has no name; waits for the news."""
    raised = server.run.history.wait_for(
        EventKind.APP_RAISED,
        lambda event: event.get("server") == server.name and (not id_ or event["request"] == id_),
        since=since,
        deadline_s=NEWS_WITHIN_S,
    )
    if raised is not None:
        saw = f"{raised['type']}: {raised['message']}"
        fail(code, wanted=wanted, saw=saw, where=raised.where or _blamed(server, saw, path), facts={"path": path})


def judge_cancelled(server: Server, wanted: str) -> None:
    """End the check when a CancelledError has ended a consumer: uvicorn's log tells of it, and nobody else does."""
    log = server.process.log.text
    if ENDED_BY_AN_ERROR in log and (told := tracebacks.last(log, server.run.project, server.run.given)):
        saw = f"{server.name}'s log: {ENDED_BY_AN_ERROR}: {told.error}"
        where = places.line(server, r"\.cancel\(\)") if "CancelledError" in told.error else told.where
        fail("error-left-behind", wanted=wanted, saw=saw, where=where)


def judge_never_awaited(server: Server, wanted: str, saw: str) -> None:
    """End the check when the server has warned of a coroutine that nobody awaited.

    The line of the warning is Channels' own where a plain class calls what was made `async def`: then that is at fault.
    """
    for one in wait_unawaited(server, NEWS_WITHIN_S):
        if where := one.where or places.definition(server, one.coroutine):
            facts = {"coroutine": one.coroutine}
            fail("never-awaited", wanted=wanted, saw=f"{saw}\n{one.told}", where=where, facts=facts)


def _blamed(server: Server, saw: str, path: str) -> SourceLine | None:
    """The line of theirs behind an error that Channels or the server raised in code of its own, at this path."""
    if "unexpected keyword argument" in saw or "can't be used in 'await'" in saw:
        methods = re.findall(r"(\w+Consumer\.\w+)\(\)", saw)
        found = next((place for name in methods if (place := places.definition(server, name))), None)
        return found or places.line(server, r"^\s+def (connect|receive|disconnect)")
    if "No text section" in saw or "JSONDecodeError" in saw or "Expecting value" in saw:
        # It lacks a method that would have met the frame.
        return places.line(server, rf"class {places.CLASSES.get(path)}\b")
    return None
