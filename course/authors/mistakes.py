"""Mistakes: wrong solutions, each written as a small diff on a right one, with what must come of it on top.

    check: test_joining_twice_is_joining_once
    code: heard-after-leaving
    why: the rooms are kept in a list, and a leave takes out one of two entries

    --- a/chat/consumers.py
    +++ b/chat/consumers.py
    @@ -61,7 +61,5 @@
    ...

Further keys: `where` (file, or file:line), `saw` (a part of what the finding saw), `breaks` (PROMISE or PROMISE/SIDE,
several with commas) and `on` (the right style under the diff; without it the reference). A mistake that is mostly new
code may be a folder instead, laid over the scaffold, with the same keys in its expect.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from course.authors import patches
from course.authors.patches import Diff
from course.content import scaffold
from course.content.places import MISTAKE_ENDING, REFERENCE, Places
from course.errors import CourseBug
from course.model import Exercise

EXPECT = "expect.toml"
NEEDED = ("check", "code", "why")
# In the order in which they are written.
KEYS = ("check", "code", "where", "saw", "breaks", "on", "why")
_PROMISE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*(?:/[a-z0-9]+(?:-[a-z0-9]+)*)?")


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong solution: what must come of it, why somebody does it, and how it is laid out.

    `path` is its diff or its folder. A folder has no `on` and no `diff`: it lies on the scaffold.
    """

    path: Path
    check: str
    code: str
    why: str = ""
    where: str = ""
    saw: str = ""
    breaks: tuple[str, ...] = ()
    on: str = ""
    diff: Diff | None = None

    @property
    def name(self) -> str:
        """As the solutions' folder has it, without the ending."""
        return self.path.name.removesuffix(MISTAKE_ENDING)


def of(places: Places, exercise: Exercise) -> tuple[Mistake, ...]:
    """Every mistake of an exercise, by name. Raises CourseBug where one cannot be read."""
    folder = places.solutions(exercise.path) / "wrong"
    # A tool's cache (.ruff_cache) is no solution.
    there = sorted(folder.glob("[!.]*"), key=lambda path: path.name.removesuffix(MISTAKE_ENDING))
    found = tuple(read(places, exercise, path) for path in there)
    for one, other in pairwise(found):
        if one.name == other.name:
            raise CourseBug(f"{one.path}: there is a mistake {other.path.name} too")
    return found


def read(places: Places, exercise: Exercise, path: Path) -> Mistake:
    """A mistake from its diff or its folder. Raises CourseBug that names the file, and what is wrong there."""
    if path.is_dir():
        return _from_folder(path)
    if path.suffix != MISTAKE_ENDING:
        raise CourseBug(f"{path}: a mistake is a folder or a file *{MISTAKE_ENDING}")
    head, diff = parts(path)
    mistake = _filled(path, path, {"on": REFERENCE, **head}, diff)
    if not places.right(exercise.path, mistake.on).is_dir():
        raise CourseBug(f"{path}: on: {mistake.on!r} is no right solution of {exercise.name}")
    return mistake


def parts(path: Path) -> tuple[dict[str, str], Diff]:
    """The head as it stands, with what is not filled in, and the diff."""
    try:
        # A diff may hold any bytes: what is no UTF-8 travels through the text as surrogates.
        text = path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise CourseBug(f"{path}: {error.strerror}") from error
    top, blank, below = text.partition("\n\n")
    lines = top.rstrip("\n").split("\n")
    head: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        key, colon, value = line.partition(":")
        if not colon or key not in KEYS:
            raise CourseBug(f"{path}:{number}: {line!r} is no line of a head; its keys are {', '.join(KEYS)}")
        if key in head:
            raise CourseBug(f"{path}:{number}: key {key!r} is there twice")
        head[key] = value.strip()
    if not blank:
        raise CourseBug(f"{path}: no blank line and no diff follow the head")
    diff = patches.parse(below, told_by=str(path), line=len(lines) + 2)
    if scaffold.LESSON in diff.paths:
        raise CourseBug(f"{path}: {scaffold.LESSON} is the lesson, which no solution changes")
    return head, diff


def lay_right(places: Places, exercise: Exercise, style: str, project: Path) -> None:
    """Make the project of a right solution."""
    scaffold.issue(places, exercise, project)
    scaffold.overlay(places.right(exercise.path, style), project)


def lay(places: Places, exercise: Exercise, mistake: Mistake, project: Path) -> None:
    """Make the project with this mistake in it. Raises CourseBug where its diff does not fit."""
    if mistake.diff is None:
        scaffold.issue(places, exercise, project)
        scaffold.overlay(mistake.path, project)
    else:
        lay_right(places, exercise, mistake.on, project)
        mistake.diff.apply(project)


def _from_folder(folder: Path) -> Mistake:
    path = folder / EXPECT
    try:
        expect = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise CourseBug(f"{path}: {error}") from error
    return _filled(path, folder, {key: str(value) for key, value in expect.items()}, None)


def _filled(told_by: Path, path: Path, head: Mapping[str, str], diff: Diff | None) -> Mistake:
    for key in NEEDED:
        if key not in head and (key != "why" or diff):  # a folder's files may say why themselves
            raise CourseBug(f"{told_by}: key {key!r} is missing")
    unknown = next((key for key in head if key not in KEYS or (key == "on" and diff is None)), None)
    if unknown:
        raise CourseBug(f"{told_by}: key {unknown!r} is not known")
    for key, value in head.items():
        if not value:
            raise CourseBug(f"{told_by}: key {key!r} is not filled in")
    breaks = tuple(each.strip() for each in head["breaks"].split(",")) if "breaks" in head else ()
    for each in breaks:
        if not _PROMISE.fullmatch(each):
            raise CourseBug(f"{told_by}: breaks: {each!r} is not written as PROMISE or PROMISE/SIDE")
    values = {key: value for key, value in head.items() if key != "breaks"}
    return Mistake(path, breaks=breaks, diff=diff, **values)
