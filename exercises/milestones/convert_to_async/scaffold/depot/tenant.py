"""Your work: whose request is being served. `remember` and `current` are what others call."""

import threading

NOBODY = "nobody"

_local = threading.local()


def remember(name: str) -> None:
    """From now on this request is served for them."""
    _local.name = name


def current() -> str:
    """Whose request this is."""
    return getattr(_local, "name", NOBODY)
