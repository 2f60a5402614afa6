"""Given: what the depot makes of its suppliers' rates. It gets no request, and asks whose one it is."""

from depot import tenant


def offer(part: str, rates: dict[str, str]) -> dict[str, object]:
    """What the tenant is offered."""
    return {"tenant": tenant.current(), "part": part, "rates": rates}
