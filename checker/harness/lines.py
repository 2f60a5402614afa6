"""The line of a learner's file that a finding points at, found by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from checker.harness.learner_files import text_of
from course.model import SourceLine


def line_with(folder: Path, file: str, text: str) -> SourceLine | None:
    """The first line of this file that holds `text`, comments left out; None when none does, or there is no file."""
    return line_matching(folder, file, [rf"(?!\s*(?:#|\"{{3}})).*{re.escape(text)}"])


def line_matching(folder: Path, file: str, patterns: Sequence[str]) -> SourceLine | None:
    """The first line whose beginning matches the first of these that matches any; None when none does."""
    lines = text_of(folder / file).splitlines()
    for pattern in patterns:
        for number, line in enumerate(lines, 1):
            if re.match(pattern, line):
                return SourceLine(file, number, doing=line.strip())
    return None
