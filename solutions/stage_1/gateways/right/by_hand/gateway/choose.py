"""Which interface a site needs, and how much of it: what is idle, or a WebSocket, goes to a loop."""

from math import ceil

from gateway.requirements import Choice, Requirements


def choose_interface(requirements: Requirements) -> Choice:
    """Pure WSGI where a loop would have nothing to hold; else the blocking pages keep a WSGI server beside the loop."""
    site = requirements
    held = site.requests_per_second * (site.wait_s + site.compute_s)
    cores = max(1, ceil(site.requests_per_second * site.compute_s))
    threads = ceil(max(1, 2 * held / cores))
    gains = site.awaitable and site.requests_per_second * site.wait_s > 0
    if site.websockets:
        first_reason = "websockets"
    elif site.open_streams or gains:
        first_reason = "idle"
    else:
        return Choice("wsgi", cores, threads, 0, ("nothing-to-gain",))
    if site.awaitable:
        return Choice("asgi", 0, 0, cores, (first_reason,))
    return Choice("hybrid", cores, threads, 1, (first_reason, "blocking-code"))
