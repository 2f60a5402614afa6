"""The learner's predictions beside what was measured: which are wrong, and what leads to the right ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checker.harness.findings import fail
from checker.milestones.gunicorn_first.trials import ENDED, LEFT_ALONE
from course.model import SourceLine

NOTES = "notes.toml"


@dataclass(frozen=True, slots=True)
class Note:
    """One value of notes.toml: what it should be, and what leads to that without saying it."""

    table: str
    name: str
    measured: str | int
    lead: str
    code: str

    def predicted(self, notes: Mapping[str, object]) -> object:
        """What the learner says; None when he does not."""
        section = notes.get(self.table)
        return section.get(self.name) if isinstance(section, dict) else None

    def is_right(self, notes: Mapping[str, object]) -> bool:
        """Whether the trial has borne it out."""
        predicted = self.predicted(notes)
        return predicted == self.measured and not isinstance(predicted, bool)

    def fault(self, notes: Mapping[str, object]) -> str:
        """A line on what is wrong with it: that it is missing or of another kind, else what was seen."""
        predicted, name = self.predicted(notes), f"{self.table}.{self.name}"
        if predicted is None:
            return f"{name} is missing: {self.lead}"
        if isinstance(self.measured, str) and predicted not in (ENDED, LEFT_ALONE):
            return f'{name} says {predicted!r}, neither "{ENDED}" nor "{LEFT_ALONE}": {self.lead}'
        if isinstance(self.measured, int) and (not isinstance(predicted, int) or isinstance(predicted, bool)):
            return f"{name} says {predicted!r}, no whole number: {self.lead}"
        return f"{name} says {predicted!r}: {self.lead}"


def expect_all_right(notes: Mapping[str, object], text: str, asked: Sequence[Note]) -> None:
    """Every wrong note in one finding, what is missing first."""
    wrong = sorted(
        (note for note in asked if not note.is_right(notes)), key=lambda note: note.predicted(notes) is not None
    )
    if wrong:
        fail(
            next((note.code for note in wrong if note.code == "wrong-note"), wrong[0].code),
            wanted="each note says what its trial has shown",
            saw="\n".join(note.fault(notes) for note in wrong),
            where=SourceLine(NOTES, line_of(text, wrong[0].table, wrong[0].name)),
        )


def line_of(text: str, table: str, name: str) -> int:
    """The line of notes.toml that sets this name in this table; else that of the table's head, or 1."""
    section, head = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("["):
            section = line.strip().strip("[]")
            head = number if section == table else head
        elif section == table and line.split("=")[0].strip() == name:
            return number
    return head
