"""What a run draws anew: names, texts, titles, so that no solution can be right for the check's own data alone.

One seed for a run, in its history as `seed.drawn`. LEARN_SEED=<that number> draws the same again.
"""

from __future__ import annotations

import os
import secrets
from random import Random

from checker.harness.events import EventKind
from checker.harness.history import History
from course.errors import MachineLacks

SEED = "LEARN_SEED"
_BITS = 32


class Seed:
    """One number, from which each purpose draws a stream of its own: a check alone draws what it draws among others."""

    def __init__(self, history: History) -> None:
        given = os.environ.get(SEED, "")
        if given and not given.isdecimal():
            raise MachineLacks(f"{SEED} is {given!r}, which is no whole number", "unset it, or take a run's number")
        self.number = int(given) if given else secrets.randbits(_BITS)
        history.record(EventKind.SEED_DRAWN, seed=self.number)

    def random(self, purpose: str) -> Random:
        """The stream of this purpose, from its beginning."""
        return Random(f"{self.number} {purpose}")  # noqa: S311 - data for checks, no secrets
