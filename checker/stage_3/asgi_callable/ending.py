"""How a board's lifespan ends: TERM comes while a visitor waits, and the feed's goodbye is held until it is let go.

One of gunicorn's workers has its goodbye refused, and hypercorn's is cut off: those two have a failure to tell.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass, field

from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.gunicorn.master import send
from checker.harness.http import Exchange
from checker.stage_3.asgi_callable import places
from checker.stage_3.asgi_callable.board import BOOT_S, END_FAILED, ENDED, PROMPT_S, Board
from checker.stage_3.asgi_callable.kinds import Kind
from checker.stage_3.asgi_callable.opening import expect_text

REFUSED = "come back tomorrow"
CUT_OFF = "Connection reset"  # as the system words it: "[Errno 104] Connection reset by peer"
# What a server prints when it has taken note of TERM; hypercorn prints nothing.
NOTES_TERM = {"uvicorn": "Waiting for connections to close", "gunicorn": "Handling signal: term"}


@dataclass(slots=True)
class Ending:
    """How one server ended: when its last visitor's page was let go, and why feeds could not be closed, by pid."""

    board: Board
    station: str
    visitor: Exchange
    let_go_s: float = 0.0
    failures: dict[int, str] = field(default_factory=dict)

    @property
    def goodbyes(self) -> dict[int, float]:
        """When each process's close came to its end, by pid."""
        ends = [*self.board.calls("close", EventKind.GATE_RELEASED), *self.board.calls("close", EventKind.GATE_LEFT)]
        return {int(str(e["tag"]).removeprefix("close-")): e.t for e in ends}


def end_all(boards: Sequence[Board], stations: Sequence[str]) -> list[Ending]:
    """End all of them side by side; judges nothing."""
    endings = []
    for board, station in zip(boards, stations, strict=True):
        board.feed.hold()
        endings.append(Ending(board, station, board.ask(station, label=f"{board.name} last visitor")))
    for ending in endings:
        ending.board.wait_held(ending.station)
        send(ending.board.server, signal.SIGTERM)
    for ending in endings:
        if words := NOTES_TERM.get(ending.board.name):
            ending.board.server.process.log.wait_for(words, PROMPT_S)
        ending.let_go_s = ending.board.server.run.history.now()
        ending.board.feed.release(ending.station)
    for ending in endings:
        ending.board.wait_answer(ending.visitor)
    for ending in endings:
        _let_close(ending)
    for ending in endings:
        _wait_end(ending.board)
    return endings


def _let_close(ending: Ending) -> None:
    board = ending.board

    def are_at_their_end() -> bool:
        silent = {e["pid"] for e in board.told(Kind.SENT, ENDED, END_FAILED) + board.told(Kind.RETURNED)}
        return len({*board.held("close"), *(f"close-{pid}" for pid in silent)}) >= board.processes

    board.wait(are_at_their_end)
    failing = {"hypercorn": 1, "gunicorn": 1}.get(board.name, 0)
    for tag in board.held("close")[:failing]:
        ending.failures[int(tag.removeprefix("close-"))] = CUT_OFF if board.name == "hypercorn" else REFUSED
        if board.name == "hypercorn":
            board.feed.break_off(tag)
        else:
            board.feed.release(tag, status=503, body=REFUSED)
    board.feed.open()


def _wait_end(board: Board) -> None:
    board.wait(lambda: board.server.process.returncode is not None, BOOT_S)


def expect_closed(ending: Ending) -> None:
    """Answered first, closed then, and told only after that."""
    board, run = ending.board, ending.board.server.run
    # A worker without a visitor closes as soon as TERM has come, and is right.
    entered = board.server.seen(EventKind.APP_ENTERED)
    asked = {f"close-{e['pid']}" for e in entered if e["request"] == ending.visitor.id}
    for close in board.calls("close"):
        if close["tag"] in asked and close.t < ending.let_go_s:
            wanted = f"under {board.name} the feed is closed after the last request, upon `lifespan.shutdown`"
            saw = "feed.close() was called while a visitor still waited for a departure"
            fail("closed-early", wanted=wanted, saw=saw, where=places.closes(run))
    answer = board.server.expect_answer(ending.visitor, 0)
    expect_text(board, answer, f"/departures/{ending.station}/", f"{ending.station}\n")
    for pid in sorted({int(e["pid"]) for e in board.told(Kind.RECEIVED)}):
        _expect_closed_by(ending, pid)
    if board.server.process.returncode is None:
        wanted = f"under {board.name} the process ends once the feed is closed"
        fail("not-closed", wanted=wanted, saw="it still runs", where=places.closes(run))


def _expect_closed_by(ending: Ending, pid: int) -> None:
    board, run = ending.board, ending.board.server.run
    said = [e for e in board.told(Kind.SENT, ENDED, END_FAILED) if e["pid"] == pid]
    closed_s = ending.goodbyes.get(pid)
    wanted = f"under {board.name} `{ENDED}` is said upon `lifespan.shutdown`, once the feed is closed"
    raised = [e for e in board.told(Kind.RAISED) if e["pid"] == pid]
    if closed_s is None:
        saw = f"`{said[0]['type']}` was said, and" if said else "your callable said nothing, and"
        where = (places.line(run, ENDED) if said else None) or places.line(run, r"lifespan\.startup\.complete")
        fail("not-closed", wanted=wanted, saw=f"{saw} feed.close() was never called", where=where)
    if said and said[0].t < closed_s:
        saw = f"`{said[0]['type']}` was said while feed.close() was still under way"
        fail("not-closed", wanted=wanted, saw=saw, where=places.line(run, ENDED) or places.closes(run))
    if not said and pid not in ending.failures:
        saw = "the feed was closed, and your callable said nothing"
        saw += f": it raised {raised[0]['type']}: {raised[0]['message']}" if raised else ""
        fail("not-closed", wanted=wanted, saw=saw, where=(raised and raised[0].where) or places.closes(run))


def expect_failure_told(ending: Ending) -> None:
    """Whoever could not close a feed has said so, and why."""
    board, run = ending.board, ending.board.server.run
    for pid, reason in ending.failures.items():
        said = [e for e in board.told(Kind.SENT, ENDED, END_FAILED) if e["pid"] == pid]
        if [e["type"] for e in said] == [END_FAILED] and reason in str(said[0]["text"]):
            continue
        how = "is cut off" if reason == CUT_OFF else "is refused"
        wanted = f"under {board.name}, when feed.close() {how}, `{END_FAILED}` is said with the error's words"
        raised = next((e for e in board.told(Kind.RAISED) if e["pid"] == pid), None)
        if said:
            last = said[-1]
            saw = f"`{last['type']}` was said" + (f", with {last['text']!r}" if last["text"] else "")
            where = places.line(run, last["type"])
        elif raised:
            saw, where = f"your callable raised {raised['type']}: {raised['message']}", raised.where
        else:
            saw, where = "your callable said nothing", None
        fail("failure-untold", wanted=wanted, saw=saw, where=where or places.closes(run))
