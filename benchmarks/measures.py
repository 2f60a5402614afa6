"""What was measured, beside its control and its budget, as a value and as a table. Measures nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Measure:
    """One quantity of several runs. `control` was measured beside it, in turn with it, in the same unit.

    `budget` is in `unit`, or, where `is_ratio`, a multiple of the control's median; None where there is none.
    """

    name: str
    unit: str  # "ms", "s", "MB", or "" for a ratio
    runs: tuple[float, ...]
    budget: float | None
    control_name: str = ""
    control: tuple[float, ...] = ()
    is_ratio: bool = False
    note: str = ""

    @property
    def median(self) -> float:
        """The median of the runs."""
        return median(self.runs)

    @property
    def ratio(self) -> float | None:
        """The runs' median over the control's; None without a control."""
        return self.median / median(self.control) if self.control else None

    @property
    def is_missed(self) -> bool:
        """Whether the budget was overspent."""
        spent = (self.ratio or 0.0) if self.is_ratio else self.median
        return self.budget is not None and spent > self.budget

    def as_json(self) -> dict[str, Any]:
        """Every run, not only the medians."""
        return {
            "name": self.name,
            "unit": self.unit,
            "runs": list(self.runs),
            "median": self.median,
            "control_name": self.control_name,
            "control": list(self.control),
            "control_median": median(self.control) if self.control else None,
            "ratio": self.ratio,
            "budget": self.budget,
            "budget_is_ratio": self.is_ratio,
            "missed": self.is_missed,
            "note": self.note,
        }


HEADINGS = ("what", "median", "min..max", "beside", "median", "ratio", "budget", "")


def table(measures: Sequence[Measure]) -> str:
    """A row a measure, columns padded."""
    rows = [HEADINGS, *(_cells(measure) for measure in measures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    notes = [f"{measure.name}: {measure.note}" for measure in measures if measure.note]
    return "\n".join([*lines, *(["", *notes] if notes else [])])


def closing(measures: Sequence[Measure]) -> str:
    """Which budgets are missed, in one line."""
    missed = [measure.name for measure in measures if measure.is_missed]
    budgets = sum(measure.budget is not None for measure in measures)
    if not missed:
        return f"All {budgets} budgets are kept."
    return f"{len(missed)} of {budgets} budgets missed: {'; '.join(missed)}"


def _cells(measure: Measure) -> tuple[str, ...]:
    low, high = _number(min(measure.runs), measure.unit), _number(max(measure.runs), measure.unit)
    return (
        measure.name,
        f"{_number(measure.median, measure.unit)} {measure.unit}",
        f"{low}..{high}" if len(measure.runs) > 1 else "",
        measure.control_name,
        f"{_number(median(measure.control), measure.unit)} {measure.unit}" if measure.control else "",
        "" if measure.ratio is None else f"{measure.ratio:.2f} x",
        "" if measure.budget is None else f"{measure.budget:.3g} {'x' if measure.is_ratio else measure.unit}",
        "" if measure.budget is None else "MISSED" if measure.is_missed else "kept",
    )


def _number(value: float, unit: str) -> str:
    return f"{value:.2f}" if unit in {"s", ""} else f"{value:.0f}"
