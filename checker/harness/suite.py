"""What a check file says about its checks: which earlier ones each needs. And what the reporter knows of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from course.model import Outcome

_F = TypeVar("_F", bound=Callable[..., Any])

NEEDS = "needs"
# On a check's item: how it ended, and, of one that began before its turn came, when (seconds of the history's clock).
OUTCOME = pytest.StashKey[Outcome]()
BEGAN = pytest.StashKey[float]()


def needs(*checks: str) -> Callable[[_F], _F]:
    """Skip the check, with a reason, when one of these did not pass: its finding would only confuse."""
    mark: Callable[[_F], _F] = getattr(pytest.mark, NEEDS)(*checks)
    return mark
