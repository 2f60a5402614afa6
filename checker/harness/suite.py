"""What a check file says about its checks: which earlier ones each needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

_F = TypeVar("_F", bound=Callable[..., Any])

NEEDS = "needs"


def needs(*checks: str) -> Callable[[_F], _F]:
    """Skip the check, with a reason, when one of these did not pass: its finding would only confuse."""
    mark: Callable[[_F], _F] = getattr(pytest.mark, NEEDS)(*checks)
    return mark
