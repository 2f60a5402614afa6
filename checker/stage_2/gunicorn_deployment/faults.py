"""All that is wrong with one file told at once: the first finding, with the others in a line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from checker.harness.findings import NotYet
from course.model import Finding


def expect_all(*expectations: Callable[[], None]) -> None:
    """Each of these, also when one before it is not met; then the first finding ends the check, and tells of all."""
    found: list[Finding] = []
    for expect in expectations:
        try:
            expect()
        except NotYet as fault:
            found.append(fault.finding)
    if found:
        first, *others = found
        also = [f"also{f', line {other.where.line}' if other.where else ''}: {other.saw}" for other in others]
        raise NotYet(replace(first, saw="\n".join([first.saw, *also])))
