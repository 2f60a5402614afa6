"""Whose request is being served. asgiref's Local stands for threading's where threads and tasks serve together."""

from asgiref.local import Local

NOBODY = "nobody"

_local = Local()


def remember(name: str) -> None:
    """From now on this request is served for them."""
    _local.name = name


def current() -> str:
    """Whose request this is."""
    return getattr(_local, "name", NOBODY)
