"""Which visit is served right now, in asgiref's own answer to threading.local."""

from asgiref.local import Local

NOBODY = "nobody"

_here = Local()


def enter(visit: str) -> None:
    """From now on, here, this visit is served."""
    _here.visit = visit


def current() -> str:
    """The visit that is served here."""
    return getattr(_here, "visit", NOBODY)
