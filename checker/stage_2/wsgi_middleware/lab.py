"""The lab as its checks meet it: a trial for each middleware and scenario, in the order they were run.

The lab itself is a child program (inside/lab.py). What it saw is judged in protocol.py, ledger.py, turns.py and
maintenance.py: a function for each duty of a middleware.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from checker.harness.findings import fail
from checker.harness.program import Program
from checker.stage_2.wsgi_middleware.inside.lab import GATE, LEDGER
from course.model import SourceLine

GENEROUS_S = 30.0
LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Trial:
    """One middleware in one scenario: what became of its requests, and what it wrote into the ledger."""

    candidate: str
    scenario: str
    defined: SourceLine | None
    visits: Sequence[dict[str, Any]]
    lines: Sequence[dict[str, Any]]

    @property
    def visit(self) -> dict[str, Any]:
        """The only request, or the first."""
        return self.visits[0]

    def line(self, *names: str, visit: Mapping[str, Any] | None = None) -> SourceLine | None:
        """The first of the learner's lines that is known of these; else where the middleware is defined.

        `called` calls the app, `started` calls the server's start_response, `written` its write(), from a write() of
        the learner's; `pulled` asks the app for a chunk, `closed` closes its body, `returned` returns the body.
        `starter` and `body` are where start_response and what was returned are defined.
        """
        known = (visit or self.visit)["where"]
        return next((place_of(known[name]) for name in names if known[name]), None) or self.defined

    @property
    def start_line(self) -> SourceLine | None:
        """The learner's line that hands the head on, or would have to."""
        return self.line("started", "starter", "called")

    @property
    def body_line(self) -> SourceLine | None:
        """The learner's line that takes the app's chunks, or returned the body of which none was asked for."""
        return self.line("pulled", "returned", "body")

    @property
    def raised_at(self) -> SourceLine | None:
        """The learner's line that the error came through."""
        raised = self.visit["raised"]
        return (place_of(raised["where"]) if raised else None) or self.body_line

    @property
    def is_raised_in_the_call(self) -> bool:
        """Whether an error came out of the call of the middleware, which therefore returned nothing."""
        return bool(self.error) and not any(self.visit["where"][name] for name in ("returned", "body"))

    @property
    def is_unbegun_generator(self) -> bool:
        """Whether a generator was closed before its first chunk: none of its lines has run, its `finally` neither."""
        return self.scenario == "unpulled" and bool(self.visit["is_generator"])

    @property
    def error(self) -> str:
        """`TypeError: ...`, or nothing."""
        raised = self.visit["raised"]
        return f"{raised['type']}: {raised['message']}" if raised else ""

    @property
    def statuses(self) -> list[str]:
        """What the server was told, in order."""
        return [str(started["status"]) for started in self.visit["started"]]


class Lab:
    """The report of one run of the lab."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._trials: dict[tuple[str, str], Trial] = {}
        self._middleware: list[str] = []

    def expect_report(self) -> None:
        """Wait for the report. A lab that the learner's code ended, or holds up, ends the check with a finding."""
        wanted = "mall/ledger.py and mall/maintenance.py can be imported, and try out every kind of response"
        ended = self._program.wait(GENEROUS_S) is not None
        for line in self._program.lines:
            with suppress(ValueError, KeyError):
                facts = json.loads(line)
                if facts["scenario"] == "end":
                    return
                if facts["scenario"] == "settings":
                    self._middleware = [str(name) for name in facts["middleware"]]
                    continue
                trial = Trial(
                    facts["candidate"], facts["scenario"], place_of(facts["defined"]), facts["visits"], facts["lines"]
                )
                self._trials[trial.candidate, trial.scenario] = trial
        if ended:
            raise self._program.crashed(wanted)
        last = " of ".join(reversed([*self._trials][-1])) if self._trials else "the import"
        fail("no-answer", wanted=wanted, saw=f"no end within {GENEROUS_S:.0f} s; the last to end was {last}")

    @property
    def middleware(self) -> list[str]:
        """settings.MIDDLEWARE, as it is when the learner's settings have been imported."""
        return self._middleware

    def of(self, candidate: str, *scenarios: str) -> Iterator[Trial]:
        """The trials of one middleware."""
        return (self._trials[candidate, scenario] for scenario in scenarios)

    def both(self, *scenarios: str) -> Iterator[Trial]:
        """The trials of the ledger, then those of the gate."""
        yield from self.of(LEDGER, *scenarios)
        yield from self.of(GATE, *scenarios)


def place_of(place: dict[str, Any] | None) -> SourceLine | None:
    """A place in the learner's project, as the lab writes it."""
    return None if place is None else SourceLine(**place)


def request_ids(visit: dict[str, Any]) -> list[str]:
    """The values of X-Request-Id in the head that counts: the last one the server was told."""
    return header_values(visit, "x-request-id")


def header_values(visit: dict[str, Any], name: str) -> list[str]:
    """The values of one header in the head that counts."""
    headers = visit["started"][-1]["headers"] if visit["started"] else []
    return [str(value) for key, value in headers if str(key).lower() == name]


def shown_ids(values: Iterable[str]) -> str:
    """Values of X-Request-Id, as a finding shows them."""
    return ", ".join(f"X-Request-Id: {_shortened(value)}" for value in values) or "no X-Request-Id"


def _shortened(value: str) -> str:
    return value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}... ({len(value)} characters)"
