"""Which visit is served right now. Any function may ask, however deep, without being handed the request."""

from contextvars import ContextVar

NOBODY = "nobody"

_visit: ContextVar[str] = ContextVar("visit", default=NOBODY)


def enter(visit: str) -> None:
    """From now on, in this context and in what is started from it, this visit is served."""
    _visit.set(visit)


def current() -> str:
    """The visit that is served here."""
    return _visit.get()
