"""The order that a desk gets on its command line, and the prices of all symbols."""

from __future__ import annotations

from dataclasses import dataclass

NEVER_S = 600.0
PRICES = {
    "ACME": "11.10",
    "BOLT": "22.20",
    "CRUX": "33.30",
    "DUNE": "44.40",
    "ECHO": "55.50",
    "FLUX": "66.60",
    "GRIT": "77.70",
    "HALO": "88.80",
    "IRIS": "99.90",
    "JADE": "10.01",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """The order that the desk gets on its command line. What a check is not about is out of the way."""

    symbols: tuple[str, ...]
    limit: int
    timeout_s: float = NEVER_S
    deadline_s: float = NEVER_S
    heartbeat_s: float = NEVER_S

    @property
    def command(self) -> str:
        """As it is typed in a terminal, for a finding to quote."""
        return " ".join(["python -m desk", *self.arguments])

    @property
    def arguments(self) -> list[str]:
        """As `python -m desk` takes them."""
        numbers = {
            "--limit": self.limit,
            "--timeout": self.timeout_s,
            "--deadline": self.deadline_s,
            "--heartbeat": self.heartbeat_s,
        }
        return [word for name, number in numbers.items() for word in (name, f"{number:g}")] + list(self.symbols)
