"""Which interface a site needs, and how much of it."""

import math

from gateway.requirements import Choice, Requirements

# So many connections that only wait are a few kilobytes each in a loop, and a thread each in a WSGI server.
WORTH_A_LOOP = 200
THREADS_AT_MOST = 32
UTILISATION = 0.7
ASGI_CONNECTIONS_EACH = 5000


def choose_interface(requirements: Requirements) -> Choice:
    """WSGI, unless something waits that a coroutine could hold; hybrid where the pages are still blocking."""
    r = requirements
    awaited = r.requests_per_second * r.wait_s if r.awaitable else 0.0
    idle = r.open_streams + awaited
    reasons = []
    if r.websockets:
        reasons.append("websockets")
    if idle > 0:
        reasons.append("idle")
    if not r.awaitable:
        reasons.append("blocking-code")
    if r.compute_s > r.wait_s:
        reasons.append("computing")
    if not r.websockets and idle == 0:
        reasons.append("nothing-to-gain")

    computing = max(1, math.ceil(r.requests_per_second * r.compute_s))
    if not r.websockets and idle < WORTH_A_LOOP:
        return Choice("wsgi", *wsgi_side(r, computing, r.open_streams), 0, tuple(reasons))
    if r.awaitable:
        loops = max(computing, math.ceil(idle / ASGI_CONNECTIONS_EACH))
        return Choice("asgi", 0, 0, loops, tuple(reasons))
    return Choice("hybrid", *wsgi_side(r, computing, 0), 0, tuple(reasons))


def wsgi_side(r: Requirements, computing: int, streams: int) -> tuple[int, int]:
    """Processes and threads: Little's law for the pages, with room to breathe, and one slot for each stream."""
    slots = max(1, math.ceil(r.requests_per_second * (r.wait_s + r.compute_s) / UTILISATION) + streams)
    processes = max(computing, math.ceil(slots / THREADS_AT_MOST))
    return processes, math.ceil(slots / processes)
