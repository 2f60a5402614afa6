"""Which interface a site needs, and how much of it. So far this is how a well-known slide does it."""

from gateway.requirements import Choice, Requirements


def choose_interface(requirements: Requirements) -> Choice:
    """The slide: anything that smells of concurrency goes to ASGI, everything else to WSGI."""
    needs_asgi = any(
        [
            requirements.websockets,
            requirements.open_streams > 0,
            requirements.requests_per_second > 100,
            requirements.wait_s > 0.1,
        ]
    )
    if needs_asgi:
        return Choice("asgi", 0, 0, 4, ("websockets",))
    return Choice("wsgi", 4, 1, 0, ("blocking-code",))
