"""Whose request is being served, by context variable."""

import contextvars

NOBODY = "nobody"

_name = contextvars.ContextVar("name")


def remember(name: str) -> None:
    """From now on this request is served for them."""
    _name.set(name)


def current() -> str:
    """Whose request this is."""
    return _name.get(NOBODY)
