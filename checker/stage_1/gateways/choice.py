"""The learner's choices: asked for by inside/ask_choices.py, one for each row and one for each row changed."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from checker.harness import starters
from checker.harness.findings import fail
from checker.stage_1.gateways.requirements import REASONS, ROWS, Requirement, changes

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

    @property
    def slots(self) -> int:
        """Requests that the WSGI side can have in hand."""
        return self.wsgi_processes * self.wsgi_threads

    def __str__(self) -> str:
        wsgi = f"{self.wsgi_processes} x {self.wsgi_threads} under WSGI"
        loops = f"{self.asgi_processes} ASGI processes"
        return {"wsgi": f"wsgi, {wsgi}", "asgi": f"asgi, {loops}"}.get(self.interface, f"hybrid, {wsgi}, {loops}")


Choices = Mapping[Requirement, Choice]


def expect_choices(program: starters.Program, mark: str) -> Choices:
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
    return {row: _expect_choice(row, json.loads(line)) for row, line in zip(rows, told, strict=True)}


def _expect_choice(row: Requirement, told: Mapping[str, Any]) -> Choice:
    counts = [told["wsgi_processes"], told["wsgi_threads"], told["asgi_processes"]]
    wanted = "a Choice whose interface and numbers belong together, with one reason at least"
    if str(told["interface"]) not in RANK or not all(type(count) is int and count >= 0 for count in counts):
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
