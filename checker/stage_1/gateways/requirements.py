"""Some forty sites whose choice is asked for, and what may happen to each: no row has one golden answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Requirement:
    """One row: a site as the learner's `Requirements` has it."""

    websockets: bool
    open_streams: int
    requests_per_second: int
    wait_s: float
    compute_s: float
    awaitable: bool

    @property
    def held(self) -> float:
        """Requests in hand at the same time, by Little's law."""
        return round(self.requests_per_second * (self.wait_s + self.compute_s), 6)

    @property
    def computing(self) -> int:
        """Processes that compute all the time."""
        return math.ceil(round(self.requests_per_second * self.compute_s, 6))

    @property
    def idle(self) -> float:
        """What waits at the same time and could be held by a loop."""
        return self.open_streams + (round(self.requests_per_second * self.wait_s, 6) if self.awaitable else 0)

    def __str__(self) -> str:
        parts = ["WebSockets" if self.websockets else "no WebSockets", f"{self.open_streams:,} open streams"]
        how = "await" if self.awaitable else "block"
        parts.append(
            f"{self.requests_per_second:,} requests/s that {how} for {self.wait_s:g} s, compute {self.compute_s:g} s"
        )
        return ", ".join(parts)


# What each reason claims of a site.
REASONS: Mapping[str, Callable[[Requirement], bool]] = {
    "websockets": lambda row: row.websockets,
    "idle": lambda row: row.idle > 0,
    "blocking-code": lambda row: not row.awaitable,
    "computing": lambda row: row.compute_s > row.wait_s,
    "nothing-to-gain": lambda row: not row.websockets and row.idle == 0,
}

ROWS = tuple(
    Requirement(*row)
    for row in (
        # blocking pages and nothing else: small, busy, very busy, slow database, computing, both
        (False, 0, 1, 0.02, 0.01, False), (False, 0, 20, 0.05, 0.01, False), (False, 0, 50, 0.2, 0.02, False),
        (False, 0, 200, 0.1, 0.01, False), (False, 0, 300, 0.5, 0.005, False), (False, 0, 800, 0.05, 0.005, False),
        (False, 0, 5, 4.0, 0.01, False), (False, 0, 2000, 0.02, 0.001, False), (False, 0, 2, 0.0, 2.0, False),
        (False, 0, 20, 0.01, 0.3, False), (False, 0, 100, 0.3, 0.05, False),
        # computing only: `await` has nothing to await
        (False, 0, 4, 0.0, 1.0, True), (False, 0, 60, 0.0, 0.1, True),
        # awaited waits: few, some, very many
        (False, 0, 10, 0.1, 0.01, True), (False, 0, 100, 0.5, 0.005, True), (False, 0, 500, 3.0, 0.002, True),
        (False, 0, 2000, 1.0, 0.001, True), (False, 0, 100, 30.0, 0.01, True),
        # streams beside blocking pages
        (False, 3, 5, 0.05, 0.01, False), (False, 20, 20, 0.1, 0.01, False), (False, 100, 50, 0.1, 0.02, False),
        (False, 300, 10, 0.1, 0.01, False), (False, 1000, 20, 0.05, 0.01, False), (False, 5000, 50, 0.2, 0.02, False),
        (False, 20000, 300, 0.1, 0.005, False), (False, 10000, 1, 0.01, 0.01, False),
        # streams beside awaited pages
        (False, 3, 5, 0.05, 0.01, True), (False, 50, 30, 0.2, 0.01, True), (False, 2000, 30, 0.2, 0.01, True),
        (False, 10000, 400, 0.5, 0.004, True),
        # WebSockets, with blocking pages and with awaited ones
        (True, 0, 1, 0.02, 0.01, False), (True, 0, 20, 0.1, 0.01, False), (True, 0, 300, 0.3, 0.01, False),
        (True, 50, 20, 0.1, 0.02, False), (True, 5000, 100, 0.1, 0.01, False), (True, 0, 40, 0.01, 0.1, False),
        (True, 0, 5, 0.05, 0.01, True), (True, 0, 300, 0.5, 0.005, True), (True, 3000, 100, 0.2, 0.01, True),
        (True, 0, 40, 0.0, 0.1, True), (True, 20000, 1000, 1.0, 0.002, True),
    )
)  # fmt: skip


def changes(row: Requirement) -> Iterator[tuple[str, Requirement, bool]]:
    """What may happen to a site, the site then, and whether that speaks for ASGI (else it is only more of the same)."""
    if not row.websockets:
        yield "WebSockets are added", replace(row, websockets=True), True
    yield (
        "ten times as many streams, and a thousand, are open",
        replace(row, open_streams=row.open_streams * 10 + 1000),
        True,
    )
    if not row.awaitable:
        yield "the blocking code is rewritten with await", replace(row, awaitable=True), True
    yield "the traffic doubles", replace(row, requests_per_second=2 * row.requests_per_second), False
