"""The mall's tenants, and what views say about them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

_View = TypeVar("_View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Tenant:
    """One shop of the mall."""

    slug: str
    language: str
    orders_left: int = 0
    is_suspended: bool = False


TENANTS = {
    tenant.slug: tenant
    for tenant in (
        Tenant("north", "en", orders_left=9),
        Tenant("sud", "fr"),
        Tenant("closed", "en", is_suspended=True),
    )
}


class QuotaExceeded(Exception):
    """A view's way to say that the tenant may not do this any more."""


def public(view: _View) -> _View:
    """Mark a view that needs no tenant: it has `is_public`, which other views have not."""
    view.is_public = True  # type: ignore[attr-defined]
    return view
