"""Your work: which visit is served right now. Any function may ask, however deep, without being handed the request."""

import threading

NOBODY = "nobody"

_here = threading.local()


def enter(visit: str) -> None:
    """From now on, here, this visit is served."""
    _here.visit = visit


def current() -> str:
    """The visit that is served here."""
    return getattr(_here, "visit", NOBODY)
