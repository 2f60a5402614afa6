"""Which interface a site needs, and how much of it: what waits in a loop gets one, what blocks keeps its threads."""

import math

from gateway.requirements import Choice, Requirements


def choose_interface(requirements: Requirements) -> Choice:
    """WSGI while a thread for each that waits can be afforded; else ASGI, beside WSGI where the pages block."""
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
    needs_loop = requirements.websockets or waiting > 64
    if needs_loop and requirements.awaitable:
        return Choice("asgi", 0, 0, processes + 1, tuple(reasons))
    held = requirements.requests_per_second * (requirements.wait_s + requirements.compute_s)
    if needs_loop:
        return Choice("hybrid", processes, math.ceil(1.5 * held / processes) or 1, 2, tuple(reasons))
    threads = math.ceil(1.5 * (held + requirements.open_streams) / processes) or 1
    return Choice("wsgi", processes, threads, 0, tuple(reasons or {"nothing-to-gain"}))
