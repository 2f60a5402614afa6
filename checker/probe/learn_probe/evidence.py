"""Is the loop stuck in the learner's code, or is the machine only busy? Counts what is proven, second by second.

A step is one turn of a task (or one callback). The watchdog posts a beat to the loop and looks again and again until
the beat is run. When two looks find the same task, and the beat has not run, it is still the same step, because
callbacks run in the order in which they were posted. What it did meanwhile is known from the kernel's accounts:

    computing  its thread's own CPU time grew;
    waiting    it slept, and not for the GIL: a thread that wants the GIL wakes every 5 ms to ask for it, so each wake
               may excuse that much sleep, and a sleep without a wake is a blocking call;
    starved    it was ready to run and got no processor: proves nothing.

A C function that keeps the GIL (json, re, sort) also stops the watchdog, which then has woken every 5 ms in vain.
Short steps that follow each other may keep the GIL from it as long: each lets go, and the next takes the GIL back
before the watchdog is awake. Then the watchdog has woken more often: who lets go of the GIL wakes who waits for it.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

from .frames import Spot
from .threads import Account

STALL_S = 0.1
STALL_WITHOUT_ACCOUNT_S = 0.3
SLEPT_S = 0.02  # who has slept longer may have let others have the GIL
EARLY_WAKES = 4  # so many pauses each is worth: steps that last up to 4/5 of a pause are no hold together
LATE = 1.5  # times the pause asked for: a later look must be explained by the watchdog's own waits


class Look(NamedTuple):
    """The loop's thread at one moment. `step` is None when the loop was between steps, or asleep in its selector."""

    at: float
    cpu_s: float
    own_waits: int
    own_queued_s: float  # how long the watchdog itself was ready to run and got no processor
    step: object | None
    top: Spot | None  # the innermost frame of the step
    spot: Spot | None  # its innermost frame of the project; None while that imports, which is slow once
    account: Account | None
    is_over: bool = False  # the beat has run: whatever was found, it is a later step
    is_bare: bool = False  # a callback with no line of the project in it, such as loop.call_soon(time.sleep, 1)


class Proven(NamedTuple):
    """What one step surely did, in seconds."""

    waiting_s: float = 0.0
    computing_s: float = 0.0

    @property
    def seconds(self) -> float:
        """Both together."""
        return self.waiting_s + self.computing_s


class Evidence:
    """What is proven against the step that the loop is in."""

    def __init__(self) -> None:
        self._against: dict[Spot | None, Proven] = {}
        self._limit_s = STALL_S

    def add(self, before: Look, after: Look, asked_s: float) -> None:
        """Two looks, `asked_s` apart if all went well; a beat was pending at both."""
        if after.step is None or after.step is not before.step:
            self.add_hold(before, after, asked_s)
            return
        self._limit_s = STALL_S if after.account else STALL_WITHOUT_ACCOUNT_S
        self._count(after, between(before, after, asked_s))

    def add_hold(self, before: Look, after: Look, asked_s: float, *, asked_for_gil: int = 2) -> None:
        """Two looks that need not have found the same step: what came before is void, only a hold of the GIL counts.

        `asked_for_gil` is how often the watchdog let go of the GIL between them.
        """
        self._against.clear()
        held_s = held_gil_s(before, after, asked_s, asked_for_gil)
        if after.step is not None and held_s > 0:
            self._count(after, Proven(computing_s=held_s))

    @property
    def is_enough(self) -> bool:
        """Whether the step has surely stopped the loop, in lines of the project or in a bare call."""
        return sum(proven.seconds for proven in self._against.values()) >= self._limit_s

    @property
    def worst(self) -> Spot | None:
        """The line of the project with most against it, None for a bare call. Only when `is_enough`."""
        return max(self._against, key=lambda spot: self._against[spot].seconds)

    @property
    def is_waiting(self) -> bool:
        """Whether the step mostly waited, rather than computed."""
        proven = self._against.values()
        return sum(p.waiting_s for p in proven) >= sum(p.computing_s for p in proven)

    def _count(self, after: Look, proven: Proven) -> None:
        if after.spot is None:
            if not after.is_bare or after.account is None:
                return  # nobody of the project is to blame
            # The loop is between its steps as often: only a sleep in which it hears nothing is surely a call.
            proven = Proven(waiting_s=proven.waiting_s)
        known = self._against.get(after.spot, Proven())
        total = Proven(known.waiting_s + proven.waiting_s, known.computing_s + proven.computing_s)
        self._against[after.spot] = total


def between(before: Look, after: Look, asked_s: float) -> Proven:
    """What the step they share surely did between two looks."""
    wall_s = after.at - before.at
    if before.account is None or after.account is None:
        # A watchdog that woke in time says that the machine is not overloaded.
        seconds = wall_s if wall_s <= LATE * asked_s else 0.0
        return Proven(seconds) if before.top == after.top else Proven(0.0, seconds)
    gil_turn_s = sys.getswitchinterval()
    # Of a machine that stood still, only that counts which the watchdog has lived through itself.
    lived_s = LATE * (asked_s + max(0, after.own_waits - before.own_waits - 1) * gil_turn_s)
    cpu_s = after.cpu_s - before.cpu_s
    waiting_s = 0.0
    if after.account.asleep:
        turns = after.account.turns - before.account.turns
        excused_s = cpu_s + after.account.queued_s - before.account.queued_s + turns * gil_turn_s * LATE
        waiting_s = max(0.0, min(wall_s - excused_s, lived_s))
    return Proven(waiting_s, min(cpu_s, lived_s))


def held_gil_s(before: Look, after: Look, asked_s: float, asked_for_gil: int) -> float:
    """How long the loop's thread surely kept the GIL in one C call between two looks; 0.0 when that is not proven."""
    if before.account is None or after.account is None:
        return 0.0
    # Python code gives the GIL away 5 ms after it was asked for: two waits at most. One more is the pause itself.
    gil_turn_s = sys.getswitchinterval()
    in_vain_s = (after.own_waits - before.own_waits - 2 * asked_for_gil - 1) * gil_turn_s
    late_s = after.at - before.at - asked_s
    waited_s = late_s - (after.own_queued_s - before.own_queued_s)
    # A wait in vain lasts 5 ms. More of them than there was time for were ended by somebody who let go of the GIL.
    kept_s = waited_s - max(0.0, in_vain_s - waited_s) * EARLY_WAKES
    cpu_s = after.cpu_s - before.cpu_s
    has_slept = late_s - cpu_s - (after.account.queued_s - before.account.queued_s) > SLEPT_S
    return 0.0 if has_slept else max(0.0, min(cpu_s, kept_s, in_vain_s))
