"""Some forty sites and what any sound choice of an interface has in common on them: no row has one golden answer."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from checker.harness.findings import fail
from checker.harness.program import Program

ASK = Path(__file__).with_name("inside") / "ask.py"
ASK_DEADLINE_S = 20.0
RANK = {"wsgi": 0, "hybrid": 1, "asgi": 2}
IDLE_FOR_THREADS = 1000
ROOM = 4  # slots, and loops, may be so many times what is needed
FEW = 16  # so many are never too many


@dataclass(frozen=True, slots=True)
class Needs:
    """One row: a site as the learner's `Requirements` has it."""

    websockets: bool
    open_streams: int
    requests_per_second: int
    wait_s: float
    compute_s: float
    awaitable: bool

    @property
    def held(self) -> float:
        """Requests in hand at the same time, by Little's law."""
        return round(self.requests_per_second * (self.wait_s + self.compute_s), 6)

    @property
    def computing(self) -> int:
        """Processes that compute all the time."""
        return math.ceil(round(self.requests_per_second * self.compute_s, 6))

    @property
    def idle(self) -> float:
        """What waits at the same time and could be held by a loop."""
        return self.open_streams + (round(self.requests_per_second * self.wait_s, 6) if self.awaitable else 0)

    def __str__(self) -> str:
        parts = ["WebSockets" if self.websockets else "no WebSockets", f"{self.open_streams:,} open streams"]
        how = "await" if self.awaitable else "block"
        parts.append(
            f"{self.requests_per_second:,} requests/s that {how} for {self.wait_s:g} s, compute {self.compute_s:g} s"
        )
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Choice:
    """The learner's answer to one row, found to be well formed."""

    interface: str
    wsgi_processes: int
    wsgi_threads: int
    asgi_processes: int
    reasons: tuple[str, ...]

    @property
    def slots(self) -> int:
        """Requests that the WSGI side can have in hand."""
        return self.wsgi_processes * self.wsgi_threads

    def __str__(self) -> str:
        wsgi = f"{self.wsgi_processes} x {self.wsgi_threads} under WSGI"
        loops = f"{self.asgi_processes} ASGI processes"
        return {"wsgi": f"wsgi, {wsgi}", "asgi": f"asgi, {loops}"}.get(self.interface, f"hybrid, {wsgi}, {loops}")


Answers = Mapping[Needs, Choice]

REASONS: Mapping[str, Callable[[Needs], bool]] = {
    "websockets": lambda row: row.websockets,
    "idle": lambda row: row.idle > 0,
    "blocking-code": lambda row: not row.awaitable,
    "computing": lambda row: row.compute_s > row.wait_s,
    "nothing-to-gain": lambda row: not row.websockets and row.idle == 0,
}

ROWS = tuple(
    Needs(*row)
    for row in (
        # blocking pages and nothing else: small, busy, very busy, slow database, computing, both
        (False, 0, 1, 0.02, 0.01, False), (False, 0, 20, 0.05, 0.01, False), (False, 0, 50, 0.2, 0.02, False),
        (False, 0, 200, 0.1, 0.01, False), (False, 0, 300, 0.5, 0.005, False), (False, 0, 800, 0.05, 0.005, False),
        (False, 0, 5, 4.0, 0.01, False), (False, 0, 2000, 0.02, 0.001, False), (False, 0, 2, 0.0, 2.0, False),
        (False, 0, 20, 0.01, 0.3, False), (False, 0, 100, 0.3, 0.05, False),
        # computing only: `await` has nothing to await
        (False, 0, 4, 0.0, 1.0, True), (False, 0, 60, 0.0, 0.1, True),
        # awaited waits: few, some, very many
        (False, 0, 10, 0.1, 0.01, True), (False, 0, 100, 0.5, 0.005, True), (False, 0, 500, 3.0, 0.002, True),
        (False, 0, 2000, 1.0, 0.001, True), (False, 0, 100, 30.0, 0.01, True),
        # streams beside blocking pages
        (False, 3, 5, 0.05, 0.01, False), (False, 20, 20, 0.1, 0.01, False), (False, 100, 50, 0.1, 0.02, False),
        (False, 300, 10, 0.1, 0.01, False), (False, 1000, 20, 0.05, 0.01, False), (False, 5000, 50, 0.2, 0.02, False),
        (False, 20000, 300, 0.1, 0.005, False), (False, 10000, 1, 0.01, 0.01, False),
        # streams beside awaited pages
        (False, 3, 5, 0.05, 0.01, True), (False, 50, 30, 0.2, 0.01, True), (False, 2000, 30, 0.2, 0.01, True),
        (False, 10000, 400, 0.5, 0.004, True),
        # WebSockets, with blocking pages and with awaited ones
        (True, 0, 1, 0.02, 0.01, False), (True, 0, 20, 0.1, 0.01, False), (True, 0, 300, 0.3, 0.01, False),
        (True, 50, 20, 0.1, 0.02, False), (True, 5000, 100, 0.1, 0.01, False), (True, 0, 40, 0.01, 0.1, False),
        (True, 0, 5, 0.05, 0.01, True), (True, 0, 300, 0.5, 0.005, True), (True, 3000, 100, 0.2, 0.01, True),
        (True, 0, 40, 0.0, 0.1, True), (True, 20000, 1000, 1.0, 0.002, True),
    )
)  # fmt: skip


def changes(row: Needs) -> Iterator[tuple[str, Needs, bool]]:
    """What may happen to a site, the site then, and whether that speaks for ASGI (else it is only more of the same)."""
    if not row.websockets:
        yield "WebSockets are added", replace(row, websockets=True), True
    yield (
        "ten times as many streams, and a thousand, are open",
        replace(row, open_streams=row.open_streams * 10 + 1000),
        True,
    )
    if not row.awaitable:
        yield "the blocking code is rewritten with await", replace(row, awaitable=True), True
    yield "the traffic doubles", replace(row, requests_per_second=2 * row.requests_per_second), False


def ask(program: Callable[..., Program], mark: str) -> Answers:
    """The learner's answer to every row, and to every row changed. Ends the check when one is none."""
    rows = list(dict.fromkeys([*ROWS, *(changed for row in ROWS for _, changed, _ in changes(row))]))
    wanted = "choose_interface answers for every site"
    questions = json.dumps([asdict(row) for row in rows]).encode()
    asking = program([sys.executable, str(ASK), mark], name="choose_interface", stdin=questions)
    if asking.wait(ASK_DEADLINE_S) != 0:
        raise asking.crashed(wanted)
    told = [line.removeprefix(mark) for line in asking.lines if line.startswith(mark)]
    if len(told) != len(rows):
        fail("choice-malformed", wanted=wanted, saw=f"{len(told)} answers to {len(rows)} questions")
    return {row: _choice(row, json.loads(line)) for row, line in zip(rows, told, strict=True)}


def _choice(row: Needs, told: Mapping[str, Any]) -> Choice:
    counts = [told["wsgi_processes"], told["wsgi_threads"], told["asgi_processes"]]
    wanted = "a Choice whose interface and numbers belong together, with one reason at least"
    if told["interface"] not in RANK or not all(type(count) is int and count >= 0 for count in counts):
        fail("choice-malformed", wanted=wanted, saw=f"{dict(told)}, for {row}")
    wsgi_processes, wsgi_threads, asgi_processes = counts
    reasons = tuple(str(reason) for reason in told["reasons"] or ())
    choice = Choice(told["interface"], wsgi_processes, wsgi_threads, asgi_processes, reasons)
    has_wsgi, has_asgi = choice.slots > 0, choice.asgi_processes > 0
    sides = {"wsgi": (True, False), "hybrid": (True, True), "asgi": (False, True)}[choice.interface]
    if (has_wsgi, has_asgi) != sides or (not has_wsgi and any(counts[:2])):
        fail(
            "choice-malformed", wanted=wanted, saw=f"{choice.interface} with {counts[0]} x {counts[1]} and {counts[2]}"
        )
    if not choice.reasons or not set(choice.reasons) <= set(REASONS):
        fail("choice-malformed", wanted=f"{wanted}, out of {', '.join(REASONS)}", saw=f"reasons {choice.reasons}")
    return choice


def judge_interfaces(answers: Answers) -> None:
    """What the interface cannot do, or can for nothing."""
    for row in ROWS:
        choice = answers[row]
        if row.websockets and choice.interface == "wsgi":
            fail("websocket-under-wsgi", wanted=f"an interface that knows WebSockets, for: {row}", saw=str(choice))
        if row.idle >= IDLE_FOR_THREADS and choice.interface == "wsgi":
            wanted = f"no thread for each of {row.idle:,.0f} that only wait, for: {row}"
            fail("idle-under-wsgi", wanted=wanted, saw=str(choice))
        if REASONS["nothing-to-gain"](row) and choice.interface != "wsgi":
            fail("asgi-gains-nothing", wanted=f"wsgi, where nothing is awaited, for: {row}", saw=str(choice))
        if not row.awaitable and choice.interface == "asgi":
            wanted = f"WSGI slots for the pages that block, beside the loop, for: {row}"
            fail("blocking-under-asgi", wanted=wanted, saw=str(choice))


def judge_sizes(answers: Answers) -> None:
    """Slots by Little's law, a process for each core's worth of computing, and not much more."""
    for row in ROWS:
        choice = answers[row]
        streams = row.open_streams if choice.interface == "wsgi" else 0
        may_await = choice.interface == "asgi" or (choice.interface == "hybrid" and row.awaitable)
        need = row.held + streams
        if choice.slots < need and not may_await:
            fail("wrong-slots", wanted=f"{need:g} slots at least, for: {row}", saw=f"{choice}: {choice.slots}")
        if choice.slots > max(FEW, ROOM * need):
            most = max(FEW, math.floor(ROOM * need))
            fail("wrong-slots", wanted=f"{most} slots at most, for: {row}", saw=f"{choice}: {choice.slots}")
        if choice.asgi_processes > max(FEW, ROOM * row.computing):
            fail("wrong-slots", wanted=f"{max(FEW, ROOM * row.computing)} loops at most, for: {row}", saw=str(choice))
        if choice.wsgi_processes + choice.asgi_processes < row.computing:
            wanted = f"{row.computing} processes at least, for: {row}"
            fail("too-few-processes", wanted=wanted, saw=f"{choice}: a process computes on one core")


def judge_reasons(answers: Answers) -> None:
    """Each reason given is so."""
    for row in ROWS:
        for reason in answers[row].reasons:
            if not REASONS[reason](row):
                fail("untrue-reason", wanted=f"only reasons that are so, for: {row}", saw=f"{reason!r}")


def judge_changes(answers: Answers) -> None:
    """A further need never moves the choice towards WSGI, and more traffic never makes the site smaller."""
    for row in ROWS:
        before = answers[row]
        for what, changed, speaks_for_asgi in changes(row):
            after = answers[changed]
            told = f"{before}; when {what}: {after}"
            if speaks_for_asgi and RANK[after.interface] < RANK[before.interface]:
                fail("moves-toward-wsgi", wanted=f"no step back towards WSGI when {what}, from: {row}", saw=told)
            sizes = [(c.slots, c.wsgi_processes, c.asgi_processes) for c in (before, after)]
            is_smaller = any(now < then for then, now in zip(*sizes, strict=True))
            if not speaks_for_asgi and after.interface == before.interface and is_smaller:
                fail("wrong-slots", wanted=f"nothing gets less when {what}, from: {row}", saw=told)
