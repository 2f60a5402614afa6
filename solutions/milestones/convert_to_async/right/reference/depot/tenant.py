"""Whose request is being served. A context variable: each request's task has its own, and threads are given it."""

from contextvars import ContextVar

NOBODY = "nobody"

_name: ContextVar[str] = ContextVar("tenant", default=NOBODY)


def remember(name: str) -> None:
    """From now on this request is served for them."""
    _name.set(name)


def current() -> str:
    """Whose request this is."""
    return _name.get()
