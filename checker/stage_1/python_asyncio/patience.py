"""How long a desk is waited for: until nothing can come any more, which no desk that does its work lets happen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from checker.harness.events import EventKind
from checker.harness.idle import is_idle
from checker.stage_1.python_asyncio.plan import NEVER_S

if TYPE_CHECKING:
    from checker.stage_1.python_asyncio.desk import Desk

STEP_S = 0.1
# A desk that is seen at rest so often in a row, a look each STEP_S, has done what it does by itself. What could still
# wake it is the pause before a second try, of which a second is fine, and the clocks of its plan, which are waited for.
RESTS = 25
# For one that never rests, after the last thing it did.
SOON_S = 10.0
# The history keeps the beginning of a line, which may be cut: no JSON any more.
TOLD = ('"event": "quote"', '"event": "failed"')


def wait_while_it_works(desk: Desk, condition: Callable[[], bool], look: Callable[[float], bool]) -> bool:
    """True as soon as `look`, which looks at `condition` for so many seconds, says so.

    False when the desk has ended, when it rests though each clock of its plan is over, or SOON_S after its last deed.
    """
    done, rings_s, rests = _done(desk), _next_ring_s(desk), 0
    while not look(STEP_S):
        if _done(desk) != done:
            done, rings_s = _done(desk), _next_ring_s(desk)
        late_s = desk.history.now() - rings_s
        rests = rests + 1 if late_s > 0 and is_idle(desk.program.pid) else 0
        if desk.has_ended or late_s > SOON_S or rests >= RESTS:
            desk.program.wait(STEP_S)
            return condition()
    return True


def quiet_s(desk: Desk) -> float:
    """How long ago it told its last price or failure; since its start when it has told none."""
    lines = desk.history.events(EventKind.PROGRAM_LINE, since=desk.started_s)
    told = (e.t for e in lines if e["name"] == desk.program.name and any(word in e["line"] for word in TOLD))
    return desk.history.now() - max(told, default=desk.started_s)


def _done(desk: Desk) -> tuple[int, int, int]:
    """Grows with each thing it does, but for beats."""
    return desk.gate.arrived, desk.gate.left, len(desk.told) - desk.beats


def _next_ring_s(desk: Desk) -> float:
    """When the last clock of the plan that may run now is over; those of NEVER_S are out of the way."""
    now = desk.history.now()
    rings = [now, now + desk.plan.timeout_s, now + desk.plan.heartbeat_s, desk.started_s + desk.plan.deadline_s]
    return max(ring for ring in rings if ring < now + NEVER_S / 2)
