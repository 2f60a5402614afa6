"""Tracebacks as they stand in a program's output: the error, and the learner's own line that it came through."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from checker.harness.lines import line_matching
from course.model import SourceLine

SHOWN_CHARACTERS = 400
_HEAD = "Traceback (most recent call last):"
_GROUP_HEAD = f"Exception Group {_HEAD}"
_CHAINED = ("During handling of the above exception", "The above exception was the direct cause")
# A group's traceback has bars before its lines, and a numbered rule before each of its errors; a syntax error's frame
# names no function.
_BARS = re.compile(r"^\s*(?:\| ?|\+ )")
_RULE = re.compile(r"^\s*(?:\+-)?\+-{4,} (?P<number>\d+|\.\.\.|) ?-{4,}$")
_FRAME = re.compile(r'^[\s|+-]*File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>\S+))?')
_ERROR = re.compile(r"^[A-Za-z_][\w.]*(?::\s|$)")
_IMPORTING = "<frozen importlib"
_NO_MODULE = re.compile(r"ModuleNotFoundError: No module named '(?P<name>[\w.]+)'")


@dataclass(frozen=True, slots=True)
class Traceback:
    """`error` is its last line, as "ValueError: no"; of an exception group, the first error that it holds.

    `where` is the innermost frame that lies in the learner's folder, and not in a given file; of a module that is not
    found, the line that names it.
    """

    error: str
    where: SourceLine | None
    is_of_import: bool


def first(text: str, folder: Path, given: Collection[str] = ()) -> Traceback | None:
    """The first one, with those it was raised from: a server says more after the one that matters."""
    lines = _plain(text)
    begins = next((number for number, line in enumerate(lines) if _is_head(line)), None)
    if begins is None:
        return None
    for end in range(begins + 1, len(lines)):
        following = " ".join(lines[end + 1 : end + 3]).strip()
        if _is_error(lines[end]) and not following.startswith(_CHAINED):
            return _traceback(lines[begins : end + 1], lines[end], folder, given)
    return None


def last(text: str, folder: Path, given: Collection[str] = ()) -> Traceback | None:
    """The last one: what a program died of. Python prints the syntax error of a script without a head."""
    lines = _plain(text)
    begins = max((number for number, line in enumerate(lines) if _is_head(line)), default=None)
    if begins is None:
        begins = max((number for number, line in enumerate(lines) if _FRAME.match(line)), default=len(lines))
    lines = lines[begins:]
    end = next((number for number, line in enumerate(lines) if _is_error(line)), None)
    return None if end is None else _traceback(lines, lines[end], folder, given)


def at_fault(error: str, frame: SourceLine | None, folder: Path, given: Collection[str] = ()) -> SourceLine | None:
    """The innermost frame's line; of a module that is not found, and that it does not name, the learner's that does.

    A setting of Django's names modules, and is no frame.
    """
    missing = _NO_MODULE.match(error)
    if missing is None or (frame is not None and missing["name"].rpartition(".")[2] in frame.doing):
        return frame
    pattern = rf"(?!\s*#).*(?:['\"]|\b(?:import|from)\s+){re.escape(missing['name'])}(?!\w)"
    files = (file for file in _own_files(folder) if file not in given)
    return next((place for file in files if (place := line_matching(folder, file, [pattern]))), frame)


def _own_files(folder: Path) -> Iterator[str]:
    """The Python files of the learner's folder, in order; those of an environment that lies in it left out."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "site-packages")
        if "pyvenv.cfg" in names:
            folders.clear()
        yield from (Path(place, n).relative_to(folder).as_posix() for n in sorted(names) if n.endswith(".py"))


def _plain(text: str) -> list[str]:
    """The lines; those of an exception group without bars, and with its first error in place of the group itself."""
    lines: list[str] = []
    is_left_out = is_inside = False
    for line in text.splitlines():
        if rule := _RULE.match(line):
            is_inside = rule["number"] == "1"
            is_left_out = not is_inside
            del lines[len(lines) - is_inside :]  # the group's own words
            continue
        plain = line
        while bars := _BARS.match(plain):
            plain = plain[bars.end() :]
        is_left_out = is_left_out and plain != line
        if not is_left_out and not (is_inside and _is_head(plain)):
            lines.append(plain)
        is_inside = False
    return lines


def _is_head(line: str) -> bool:
    return line.startswith((_HEAD, _GROUP_HEAD))


def _is_error(line: str) -> bool:
    return bool(_ERROR.match(line)) and not line.startswith(("Traceback", *_CHAINED))


def _traceback(lines: Sequence[str], error: str, folder: Path, given: Collection[str]) -> Traceback:
    # A server's own module that is not found lies as little in the project as a project's that is not there.
    importing = any(_IMPORTING in line for line in lines)
    where = at_fault(error, _innermost(lines, folder.resolve(), given), folder, given)
    return Traceback(error[:SHOWN_CHARACTERS], where, importing)


def _innermost(lines: Sequence[str], folder: Path, given: Collection[str]) -> SourceLine | None:
    found = None
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        frame = _FRAME.match(line)
        file = Path(frame["file"]).resolve() if frame else Path()  # by whatever link it was reached
        if not frame or not file.is_relative_to(folder) or "site-packages" in file.parts:
            continue
        own = file.relative_to(folder).as_posix()
        if own not in given:
            doing = "" if _FRAME.match(after) else after.strip(" |+-\t")
            found = SourceLine(own, int(frame["line"]), frame["function"] or "", doing)
    return found
