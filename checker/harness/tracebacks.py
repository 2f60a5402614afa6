"""Tracebacks as they stand in a program's output: the error, and the learner's own line that it came through."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from course.model import SourceLine

SHOWN_CHARACTERS = 400
_HEAD = "Traceback (most recent call last):"
_CHAINED = ("During handling of the above exception", "The above exception was the direct cause")
# A group's traceback has bars before its lines; a syntax error's frame names no function.
_FRAME = re.compile(r'^[\s|+-]*File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>\S+))?')
_ERROR = re.compile(r"^[A-Za-z_][\w.]*(?::\s|$)")
_IMPORTING = "<frozen importlib"


@dataclass(frozen=True, slots=True)
class Traceback:
    """`error` is its last line, as "ValueError: no"; `where` the innermost frame that lies in the learner's folder."""

    error: str
    where: SourceLine | None
    is_of_import: bool


def first(text: str, folder: Path) -> Traceback | None:
    """The first one, with those it was raised from: a server says more after the one that matters."""
    lines = text.splitlines()
    begins = next((number for number, line in enumerate(lines) if line.startswith(_HEAD)), None)
    if begins is None:
        return None
    for end in range(begins + 1, len(lines)):
        following = " ".join(lines[end + 1 : end + 3]).strip()
        if _is_error(lines[end]) and not following.startswith(_CHAINED):
            return _traceback(lines[begins : end + 1], lines[end], folder)
    return None


def last(text: str, folder: Path) -> Traceback | None:
    """The last one: what a program died of. Python prints the syntax error of a script without a head."""
    lines = text.splitlines()
    begins = max((number for number, line in enumerate(lines) if line.startswith(_HEAD)), default=None)
    if begins is None:
        begins = max((number for number, line in enumerate(lines) if _FRAME.match(line)), default=len(lines))
    lines = lines[begins:]
    error = next((line for line in lines if _is_error(line)), None)
    return None if error is None else _traceback(lines, error, folder)


def _is_error(line: str) -> bool:
    return bool(_ERROR.match(line)) and not line.startswith(("Traceback", *_CHAINED))


def _traceback(lines: Sequence[str], error: str, folder: Path) -> Traceback:
    # A server's own module that is not found lies as little in the project as a project's that is not there.
    importing = any(_IMPORTING in line for line in lines)
    return Traceback(error[:SHOWN_CHARACTERS], _innermost(lines, folder.resolve()), importing)


def _innermost(lines: Sequence[str], folder: Path) -> SourceLine | None:
    found = None
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        frame = _FRAME.match(line)
        file = Path(frame["file"]).resolve() if frame else Path()  # by whatever link it was reached
        if frame and file.is_relative_to(folder) and "site-packages" not in file.parts:
            doing = "" if _FRAME.match(after) else after.strip(" |+-\t")
            found = SourceLine(file.relative_to(folder).as_posix(), int(frame["line"]), frame["function"] or "", doing)
    return found
