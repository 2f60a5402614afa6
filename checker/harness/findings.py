"""How a check says "not yet": `fail(code, wanted=..., saw=...)`. Any other exception is our bug."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from course.model import Fact, Finding, SourceLine


class NotYet(Exception):
    """The learner's project does not yet do what was wanted; carries the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.code}: {finding.saw}")
        self.finding = finding


class Inconclusive(Exception):
    """The machine was too busy to tell; the run is tried once more, then said so."""


def fail(
    code: str,
    *,
    wanted: str,
    saw: str,
    where: SourceLine | None = None,
    next: str = "",
    facts: Mapping[str, Fact] | None = None,
) -> NoReturn:
    """End the check with a finding. `code` must have three hints in a hints.toml, which may use the `facts`.

    `facts={"workers": 3}` fills `{{ workers }}` in them; `{{ file }}` and `{{ line }}` are those of `where`. A code
    without hints, or a hint with a fact that is not given, makes the check BROKEN (reporter.py): the learner would be
    left without a next step.
    """
    raise NotYet(Finding(code=code, wanted=wanted, saw=saw, where=where, next=next, facts=dict(facts or {})))
