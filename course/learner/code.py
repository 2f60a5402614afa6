"""The learner's code, read a line at a time, for what a finding says of it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from course.model import SourceLine

MOST_BYTES = 1_000_000


def text_of(project: Path, where: SourceLine) -> str:
    """What the line says now, without its indent; empty where there is no such line, or no file to be read."""
    file = project / where.file
    with suppress(OSError, ValueError):
        if file.is_file() and file.stat().st_size <= MOST_BYTES:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
            return lines[where.line - 1].strip() if 1 <= where.line <= len(lines) else ""
    return ""
