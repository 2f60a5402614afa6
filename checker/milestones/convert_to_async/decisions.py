"""What decisions.toml says of six views, beside what was measured of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from checker.harness.findings import fail
from course.model import SourceLine

FILE = "decisions.toml"
KINDS = ("async", "sync")
REASONS = ("many-waits", "stream", "blocking-library", "database", "computes", "background")


@dataclass(frozen=True, slots=True)
class Measured:
    """One of the six views: where it began, why it is what it is, and what has shown that."""

    view: str
    kind: str
    reason: str
    shown: str

    def fault(self, decisions: Mapping[str, object]) -> tuple[str, str] | None:
        """What is wrong with it: the key at fault, and the fact. None when it is right."""
        section = decisions.get(self.view)
        said = section if isinstance(section, dict) else {}
        kind, reason = said.get("view"), said.get("reason")
        if kind not in KINDS:
            return "view", f'{self.view}.view is {kind!r}; it is "async" or "sync"'
        if reason not in REASONS:
            return "reason", f"{self.view}.reason is {reason!r}, which is none of the six"
        if kind != self.kind:
            began = "on the event loop" if self.kind == "async" else "in a thread"
            return "view", f"{self.view}.view says {kind!r}; the view began {began}"
        if reason != self.reason:
            return "reason", f"{self.view}.reason says {reason!r}; {self.shown}"
        return None


def expect_true(decisions: Mapping[str, object], text: str, measured: list[Measured]) -> None:
    """Every decision that was not borne out, in one finding."""
    found = [(one.view, fault) for one in measured if (fault := one.fault(decisions)) is not None]
    if found:
        view, (key, _) = found[0]
        wanted = "decisions.toml says of each of the six views what it is, and why"
        saw = "\n".join(fact for _, (_, fact) in found)
        fail("decision-untrue", wanted=wanted, saw=saw, where=SourceLine(FILE, line_of(text, view, key)))


def line_of(text: str, table: str, key: str) -> int:
    """The line that sets this key of this table; else that of the table's head, or 1."""
    section, head = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("["):
            section = line.partition("]")[0].removeprefix("[").strip()
            head = number if section == table else head
        elif section == table and line.partition("=")[0].strip() == key:
            return number
    return head
