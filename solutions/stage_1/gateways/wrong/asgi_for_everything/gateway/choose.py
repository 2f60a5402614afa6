"""Which interface a site needs, and how much of it: a site that waits in a loop gets a loop for everything."""

import math

from gateway.requirements import Choice, Requirements


def choose_interface(requirements: Requirements) -> Choice:
    """WSGI while a thread for each that waits can be afforded, else ASGI for everything."""
    processes = max(1, math.ceil(requirements.requests_per_second * requirements.compute_s))
    waiting = requirements.open_streams
    reasons = set()
    if requirements.websockets:
        reasons.add("websockets")
    if requirements.awaitable:
        waiting += requirements.requests_per_second * requirements.wait_s
    else:
        reasons.add("blocking-code")
    if waiting:
        reasons.add("idle")
    if requirements.websockets or waiting > 64:
        return Choice("asgi", 0, 0, processes + 1, tuple(reasons))
    held = requirements.requests_per_second * (requirements.wait_s + requirements.compute_s) + requirements.open_streams
    return Choice("wsgi", processes, math.ceil(1.5 * held / processes) or 1, 0, tuple(reasons or {"nothing-to-gain"}))
