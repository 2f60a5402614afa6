"""Tracebacks on a desk's stderr: the learner's lines in them, and the error that they tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from linecache import checkcache, getline
from pathlib import Path

from course.model import SourceLine

# Frames in these are no news to the learner: what called them is.
GIVEN = frozenset({"__main__.py", "order.py", "parsing.py", "report.py", "upstream.py"})
# Tracebacks say `line 7, in run`, the fault handler says `line 7 in run`; in a group's traceback stand bars before it.
FRAME = re.compile(r'^[\s|+-]*File "(?P<file>[^"]+)", line (?P<line>\d+)(?:,? in (?P<function>\S+))?')
_ERROR = re.compile(r"^[\s|+-]*((?:[A-Za-z_]\w*\.)*\w*(?:Error|Exception|Group|Interrupt|Exit)\b.*)")


def own_files(project: Path) -> list[str]:
    """The learner's own modules of the desk, as paths in the project."""
    found = sorted(path.relative_to(project).as_posix() for path in (project / "desk").rglob("*.py"))
    return [file for file in found if Path(file).name not in GIVEN]


def frames(text: str, project: Path) -> list[SourceLine]:
    """The frames in the learner's own files, in the order of the text."""
    found = (
        own_line(frame["file"], int(frame["line"]), frame["function"] or "", project)
        for line in text.splitlines()
        if (frame := FRAME.match(line))
    )
    return [line for line in found if line is not None]


def own_line(path: str, number: int, function: str, project: Path) -> SourceLine | None:
    """A frame's line in one of the learner's own files; None in any other."""
    # The fault handler writes a path's non-ASCII characters as \xe4: both spellings are known here.
    folders = {str(project) + "/", str(project).encode("ascii", "backslashreplace").decode() + "/"}
    folder = next((f for f in folders if path.startswith(f)), None)
    if folder is None or Path(path).name in GIVEN or "site-packages" in path:
        return None
    file = path.removeprefix(folder)
    checkcache(str(project / file))
    return SourceLine(file, number, function, getline(str(project / file), number).strip())


def last_frame(text: str, project: Path) -> SourceLine | None:
    """The learner's innermost line in the last traceback of the text."""
    return next(reversed(frames(text, project)), None)


def last_error(lines: Iterable[str]) -> str:
    """The last line that names an error; of a group the last error inside it."""
    named = [match[1] for line in lines if (match := _ERROR.match(line))]
    return named[-1] if named else ""
