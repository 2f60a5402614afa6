"""The learner's choices: asked for by inside/ask_choices.py, one for each row and one for each row changed."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from checker.harness import starters
from checker.harness.findings import fail
from checker.harness.program import Program
from checker.stage_1.gateways.requirements import REASONS, ROWS, Requirement, changes
from course.model import SourceLine

ASK = Path(__file__).with_name("inside") / "ask_choices.py"
ASK_DEADLINE_S = 20.0
RANK = {"wsgi": 0, "hybrid": 1, "asgi": 2}


@dataclass(frozen=True, slots=True)
class Choice:
    """The learner's answer to one row, found to be well formed."""

    interface: str
    wsgi_processes: int
    wsgi_threads: int
    asgi_processes: int
    reasons: tuple[str, ...]
    where: SourceLine | None = field(default=None, compare=False)  # the line that returned it

    @property
    def slots(self) -> int:
        """Requests that the WSGI side can have in hand."""
        return self.wsgi_processes * self.wsgi_threads

    def __str__(self) -> str:
        wsgi = f"{self.wsgi_processes} x {self.wsgi_threads} under WSGI"
        loops = f"{self.asgi_processes} ASGI processes"
        return {"wsgi": f"wsgi, {wsgi}", "asgi": f"asgi, {loops}"}.get(self.interface, f"hybrid, {wsgi}, {loops}")


Choices = Mapping[Requirement, Choice]


# Every row, and every row changed.
QUESTIONS = tuple(dict.fromkeys([*ROWS, *(changed for row in ROWS for _, changed, _ in changes(row))]))


@dataclass(frozen=True, slots=True)
class Asked:
    """The program that puts the questions to the learner's function. Each answer is a line that begins with `mark`."""

    program: Program
    mark: str


def ask(start: starters.Program) -> Asked:
    """Put the questions; the answers may be waited for later."""
    mark = secrets.token_hex(8)
    questions = json.dumps([asdict(row) for row in QUESTIONS]).encode()
    return Asked(start([sys.executable, str(ASK), mark], name="choose_interface", stdin=questions), mark)


def expect_choices(asked: Asked) -> Choices:
    """The learner's answer to every question. Ends the check when one is none."""
    wanted = "choose_interface answers for every site"
    if asked.program.wait(ASK_DEADLINE_S) != 0:
        raise asked.program.crashed(wanted)
    mark = asked.mark
    told = [line.removeprefix(mark) for line in asked.program.lines if line.startswith(mark)]
    if len(told) != len(QUESTIONS):
        fail("choice-malformed", wanted=wanted, saw=f"{len(told)} answers to {len(QUESTIONS)} questions")
    return {row: _expect_choice(row, json.loads(line)) for row, line in zip(QUESTIONS, told, strict=True)}


def _expect_choice(row: Requirement, told: Mapping[str, Any]) -> Choice:
    counts = [told["wsgi_processes"], told["wsgi_threads"], told["asgi_processes"]]
    wanted = "a Choice whose interface and numbers belong together, with one reason at least"
    file, line, code = told["where"]
    where = SourceLine(file, line, "choose_interface", code) if line else None
    if str(told["interface"]) not in RANK or not all(type(count) is int and count >= 0 for count in counts):
        seen = {name: told[name] for name in told if name != "where"}
        fail("choice-malformed", wanted=wanted, saw=f"{seen}, for {row}", where=where)
    wsgi_processes, wsgi_threads, asgi_processes = counts
    reasons = tuple(str(reason) for reason in told["reasons"] or ())
    choice = Choice(told["interface"], wsgi_processes, wsgi_threads, asgi_processes, reasons, where)
    has_wsgi, has_asgi = choice.slots > 0, choice.asgi_processes > 0
    sides = {"wsgi": (True, False), "hybrid": (True, True), "asgi": (False, True)}[choice.interface]
    if (has_wsgi, has_asgi) != sides or (not has_wsgi and any(counts[:2])):
        saw = f"{choice.interface} with {counts[0]} x {counts[1]} and {counts[2]}"
        fail("choice-malformed", wanted=wanted, saw=saw, where=where)
    if not choice.reasons or not set(choice.reasons) <= set(REASONS):
        fail(
            "choice-malformed",
            wanted=f"{wanted}, out of {', '.join(REASONS)}",
            saw=f"reasons {choice.reasons}",
            where=where,
        )
    return choice
