"""The learner's clinic as its checks meet it: visitors with numbers, and an archive that the Gate plays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from string import ascii_lowercase
from typing import NoReturn

from checker.harness import diagnosis
from checker.harness.events import EventKind
from checker.harness.findings import NotYet, fail
from checker.harness.gate import Gate
from checker.harness.history import Event, History
from checker.harness.http import Answer, Exchange, Stream
from checker.harness.lines import line_matching
from checker.harness.seed import Seed
from checker.harness.server import Server
from checker.harness.waiting import wait_until
from course.model import SourceLine

VISIT = "X-Visit"
MIDDLEWARE, VIEWS, VISITS = "doctor/middleware.py", "clinic/views.py", "clinic/visits.py"
GIVEN = [f"clinic/{name}.py" for name in ("archive", "asgi", "ill", "pages", "settings", "urls", "wsgi")]
# Only failing solutions wait these out.
ASKED_S = 10.0
PROMPT_S = 3.0
LOOK_EVERY_S = 0.005
# What Python, and asgiref, say of the two mistakes that this exercise is about.
ON_THE_LOOP = "AsyncToSync in the same thread"
NOT_AWAITABLE = "can't be used in 'await' expression"
NOT_CALLED = "'coroutine' object has no attribute"


@dataclass(frozen=True, slots=True)
class Visit:
    """A page under way, whose visitor has this number."""

    number: str
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class Clinic:
    """One server with the learner's project. `gate` is its archive."""

    server: Server
    gate: Gate

    @property
    def name(self) -> str:
        """The server's."""
        return self.server.name

    def visit(self, path: str, number: str, *, label: str = "") -> Visit:
        """A visitor of this page."""
        return Visit(number, self.server.send(path, headers={VISIT: number}, label=label or path))

    def expect_page(self, visit: Visit) -> Answer:
        """The page of this visitor, answered now."""
        answer = visit.exchange.wait_answer(ASKED_S)
        if answer is None or answer.status >= 500:
            self.fail_as_no_page(visit.exchange)
        return answer

    def fail_as_no_page(self, exchange: Exchange) -> NoReturn:
        """The finding for a page with an error, or without an answer."""
        if not exchange.is_done:
            raise diagnosis.no_answer(self.server, exchange, ASKED_S)
        try:
            self.server.expect_answer(exchange, 0)
        except NotYet as told:
            finding = told.finding
            if ON_THE_LOOP in finding.saw:
                wanted = f"under {self.name} {exchange.path} waits for the archive on the loop that runs it"
                raise NotYet(replace(finding, code="bridge-on-the-loop", wanted=wanted)) from None
            if NOT_AWAITABLE in finding.saw:
                wanted = f"under {self.name} the middleware that Django is given is one that it can await"
                where = self.line(MIDDLEWARE, r".*async_capable", r"@", r".*visit_middleware")
                raise NotYet(replace(finding, code="half-hybrid", wanted=wanted, where=where)) from None
            if NOT_CALLED in finding.saw:
                wanted = f"under {self.name} the middleware that Django is given is one that it can call"
                where = self.line(MIDDLEWARE, r"\s*async def")
                raise NotYet(replace(finding, code="half-hybrid", wanted=wanted, where=where)) from None
            raise
        fail("no-answer", wanted=f"an answer to {exchange.path}", saw="it came late")

    def expect_asked(self, visit: Visit, tag: str, meanwhile: str = "") -> None:
        """The page asks the archive for this, and waits; `meanwhile` tells who else does."""
        path = visit.exchange.path
        self.wait(lambda: tag in self.gate.held or visit.exchange.is_done)
        if tag in self.gate.held:
            return
        wanted = f"under {self.name} {path} asks the archive for {tag!r}{meanwhile}"
        if visit.exchange.is_done:
            answer = self.expect_page(visit)
            fail("page-changed", wanted=wanted, saw=f"it was answered without: {answer.text[:80]!r}")
        silent = diagnosis.no_answer(self.server, visit.exchange, ASKED_S)
        raise NotYet(replace(silent.finding, wanted=wanted))

    def expect_pulse(self, meanwhile: str, since: float) -> Exchange:
        """/pulse/ is answered while something else is under way; `since` is when that was begun."""
        pulse = self.server.send("/pulse/", label="pulse")
        self.wait(lambda: pulse.is_done or self._stall(since) is not None)
        answer = pulse.wait_answer(PROMPT_S)
        if answer is None:
            wanted = f"under {self.name} /pulse/ is answered while {meanwhile}"
            if stall := self._stall(since):
                raise diagnosis.loop_blocked(stall, wanted)
            raise diagnosis.no_answer(self.server, pulse, ASKED_S)
        self.server.expect_answer(pulse, 0)
        return pulse

    def wait(self, condition: Callable[[], bool]) -> bool:
        """Whether it comes to that; over when the server has ended."""
        return wait_until(condition, ASKED_S, unless_ended=self.server.process, every_s=LOOK_EVERY_S)

    def _stall(self, since: float) -> Event | None:
        return next(iter(self.server.seen(EventKind.LOOP_STALLED, since=since)), None)

    def line(self, file: str, *patterns: str) -> SourceLine | None:
        """The first line of this file of theirs whose beginning matches the first of these that matches any."""
        return line_matching(self.server.run.project, file, patterns)


def expect_number(site: Clinic, answer: Answer | Stream, path: str, number: str) -> None:
    """The answer has the number of its visit, and no other."""
    told = [value for name, value in answer.headers.items() if name.lower() == VISIT.lower()]
    if told != [number]:
        wanted = f"under {site.name} {path} is answered with one header `{VISIT}: {number}`"
        saw = f"status {answer.status}, " + (f"{VISIT}: {', '.join(told)}" if told else f"no {VISIT}")
        fail("number-wrong", wanted=wanted, saw=saw, where=header_line(site))


def header_line(site: Clinic) -> SourceLine | None:
    """Where their middleware writes the header."""
    return site.line(MIDDLEWARE, rf".*\[[\"']{VISIT}[\"']\]", rf".*{VISIT}", r".*uuid")


def drawn(seed: Seed, purpose: str, count: int) -> list[str]:
    """So many names, all different: of visits, of patients, of functions."""
    random = seed.random(purpose)
    names = {"".join(random.choices(ascii_lowercase, k=8)) for _ in range(2 * count)}
    return random.sample(sorted(names), count)


def now() -> float:
    """Seconds of the history's clock."""
    return History.now()
