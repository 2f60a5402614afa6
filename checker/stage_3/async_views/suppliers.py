"""The desk's five suppliers and its printer, which are the Gate: who is held, and what each says when let go."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from checker.harness.gate import Gate
from checker.harness.history import History

PRICES = {"acme": "11.10", "borealis": "22.20", "cobalt": "33.30", "delta": "44.40", "ember": "55.50"}
ANSWERING = ("delta", "acme", "ember", "borealis", "cobalt")  # not in the list's order, nor its first one first
# For what must come now, since the Gate's state leaves nothing else to wait for. Only a failing project waits so long.
PROMPT_S = 3.0


def release(gate: Gate, names: Iterable[str] = ANSWERING) -> None:
    """Let these suppliers answer, in this order, each with its price."""
    for name in names:
        gate.release(name, body=PRICES[name])


def wait_all_held(gate: Gate, count: int, is_done: Callable[[], bool] = lambda: False) -> bool:
    """True when so many calls are held together; False when the page is done, or no further call came for a while."""
    came, until = 0, History.now() + 10.0
    while History.now() < until and not is_done():
        if gate.wait_held(count, 0.2):
            return True
        if gate.arrived > came:
            came, until = gate.arrived, History.now() + PROMPT_S
    return gate.wait_held(count, 0)


def still_open(gate: Gate) -> str:
    """`2 calls are still open: acme, delta`."""
    return f"{calls(len(gate.held))} still open: {', '.join(gate.held)}"


def calls(count: int) -> str:
    """`1 call`, `2 calls`."""
    return f"{count} call{'s' * (count != 1)}"
