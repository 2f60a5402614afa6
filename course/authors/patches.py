"""Unified diffs, as git writes them: read, and applied exactly. Knows no exercise.

`unidiff` reads them, and is generous: it takes a line that it does not know for a remark. Here every line counts,
every hunk stands at its line, and a diff changes what it names, or is a CourseBug of one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PurePosixPath

from unidiff.errors import UnidiffParseError
from unidiff.patch import Hunk, PatchedFile, PatchSet

from course.errors import CourseBug
from course.files import remove, writing

NOWHERE = "/dev/null"
NO_NEWLINE = " No newline at end of file\n"
MODES = {"100644": False, "100755": True}  # what git keeps of a file's mode: whether it is executable
EXECUTABLE = 0o111
# What git writes above a file's hunks.
_ABOUT_A_FILE = re.compile(r"diff --git |index [0-9a-f]+\.\.|(?:old|new|new file|deleted file) mode ")


@dataclass(frozen=True, slots=True)
class Content:
    """A file: its bytes, and whether it is executable."""

    text: bytes
    is_executable: bool = False


@dataclass(frozen=True, slots=True)
class Diff:
    """What a diff says of each file. `told_by` is the file it stands in, `line` its first line there: for errors."""

    files: tuple[PatchedFile, ...]
    told_by: str
    line: int = 1

    @property
    def paths(self) -> tuple[str, ...]:
        """The files it changes, in its order."""
        return tuple(_path(file) for file in self.files)

    def changes(self, project: Path) -> dict[str, Content | None]:
        """What each named file becomes in this project, None for none. Nothing is written.

        Raises CourseBug where a hunk does not fit.
        """
        return {_path(file): self._changed(file, content_of(project / _path(file))) for file in self.files}

    def apply(self, project: Path) -> None:
        """Change the project, or nothing of it when a hunk does not fit (CourseBug)."""
        for path, content in self.changes(project).items():
            place = project / path
            with writing(place):
                if content is None:
                    remove(place)
                    continue
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content.text)
                mode = place.stat().st_mode & ~EXECUTABLE
                place.chmod(mode | (mode & 0o444) >> 2 if content.is_executable else mode)

    def _changed(self, file: PatchedFile, before: Content | None) -> Content | None:
        is_new, is_removed = file.source_file == NOWHERE, file.target_file == NOWHERE
        if is_new and before:
            raise self._bug(file, "is a new file, and is there already")
        if not is_new and before is None:
            raise self._bug(file, "is not there")
        before = before or Content(b"")
        was_executable = MODES.get(file.source_mode or "", before.is_executable)
        if was_executable is not before.is_executable and not is_new:
            raise self._bug(file, f"has not the mode {file.source_mode}")
        lines = list(self._hunked(file, lines_of(before.text)))
        if any(not line.endswith("\n") for line in lines[:-1]):
            raise self._bug(file, "a line without its end stands before the last one")
        after = Content(bytes_of(lines), MODES.get(file.target_mode or "", before.is_executable))
        if is_removed:
            if after.text:
                raise self._bug(file, "is removed, and lines of it are left over")
            return None
        if after == before and not is_new:
            raise self._bug(file, "is as it was")
        return after

    def _hunked(self, file: PatchedFile, lines: list[str]) -> Iterator[str]:
        at = told = 0
        for number, hunk in enumerate(file, 1):
            source, target = self._sides(file, number, hunk)
            # A side without lines is told by the line above it, one with lines by its first.
            start = hunk.source_start - bool(source)
            there = lines[start : start + len(source)]
            if start < at or start > len(lines) or there != source:
                raise self._bug(file, f"hunk {number} does not fit: {_difference(start, source, there)}", hunk)
            yield from lines[at:start]
            told += start - at
            if hunk.target_start - bool(target) != told:
                first = told + bool(target)
                raise self._bug(file, f"hunk {number} says +{hunk.target_start}, and comes to line {first}", hunk)
            if source == target:
                raise self._bug(file, f"hunk {number} changes nothing", hunk)
            yield from target
            told += len(target)
            at = start + len(source)
        yield from lines[at:]

    def _sides(self, file: PatchedFile, number: int, hunk: Hunk) -> tuple[list[str], list[str]]:
        source: list[str] = []
        target: list[str] = []
        meant: list[list[str]] = []
        for line in hunk:
            if line.line_type == "\\":
                if not meant or line.value != NO_NEWLINE:
                    raise self._bug(file, f"hunk {number} has the line {line.value.strip()!r}", hunk)
                for side in meant:
                    side[-1] = side[-1].removesuffix("\n")
                continue
            meant = [*([] if line.is_added else [source]), *([] if line.is_removed else [target])]
            for side in meant:
                side.append(line.value)
        return source, target

    def _bug(self, file: PatchedFile, wrong: str, hunk: Hunk | None = None) -> CourseBug:
        first = next((line.diff_line_no for line in hunk or () if line.diff_line_no), None)
        at = file.diff_line_no if first is None else first - 1  # the hunk's own line, above its first
        line = f":{self.line + at - 1}" if at else ""
        return CourseBug(f"{self.told_by}{line}: {_path(file)}: {wrong}")


def parse(text: str, told_by: str, line: int = 1) -> Diff:
    """Read a diff; bytes that are no UTF-8 are in the text as surrogates. Raises CourseBug, naming the line."""
    if not text:
        raise CourseBug(f"{told_by}: the diff is missing")
    read = 0

    def counted() -> Iterator[str]:
        nonlocal read
        for part in StringIO(text, newline="\n"):  # no other character ends a line: not CR, not a form feed
            read += 1
            yield part

    try:
        files = PatchSet(counted())
    except UnidiffParseError as error:
        raise CourseBug(f"{told_by}:{line + read - 1}: {' '.join(str(error).split())}") from error
    # An empty line of context may stand without its blank.
    sides = (str(files), re.sub(r"(?m)^\n", " \n", text))
    understood, given = (StringIO(_normal(side), newline="\n").readlines() for side in sides)
    if understood != given or not text.endswith("\n"):
        same = next((at for at, pair in enumerate(zip(understood, given, strict=False)) if len(set(pair)) > 1), None)
        at = min(len(understood), len(given) - 1) if same is None else same
        raise CourseBug(f"{told_by}:{line + at}: no hunk holds this line, or it has no end")
    diff = Diff(tuple(files), told_by, line)
    for file in files:
        _must_be_plain(diff, file)
    twice = next((path for path in diff.paths if diff.paths.count(path) > 1), None)
    if twice:
        raise CourseBug(f"{told_by}: {twice} is changed in two places")
    return diff


def content_of(file: Path) -> Content | None:
    """The file as it is; None when there is none."""
    return Content(file.read_bytes(), bool(file.stat().st_mode & 0o100)) if file.is_file() else None


def _must_be_plain(diff: Diff, file: PatchedFile) -> None:
    def bug(wrong: str) -> CourseBug:
        line = diff.line + (file.diff_line_no or 1) - 1
        return CourseBug(f"{diff.told_by}:{line}: {_path(file)}: {wrong}")

    names = {file.source_file, file.target_file} - {NOWHERE}
    strange = next((line for line in file.patch_info or () if not _ABOUT_A_FILE.match(line)), None)
    if strange:
        raise bug(f"{strange.strip()!r} is no line of a diff that is applied here")
    sides = {"a/": file.source_file, "b/": file.target_file}
    if any(name != NOWHERE and not name.startswith(side) for side, name in sides.items()):
        raise bug("the names must begin with a/ and b/, and need no quotes")
    if len({name[2:] for name in names}) != 1:
        raise bug("a file that moves is a removed one and a new one")
    path = PurePosixPath(_path(file))
    if path.is_absolute() or ".." in path.parts or str(path) != _path(file) or not path.parts:
        raise bug("the path must lead to a file inside the project")
    if file.is_binary_file or {file.source_mode, file.target_mode} - {None, *MODES}:
        raise bug("only text is changed here, and its mode is 100644 or 100755")
    is_whole = NOWHERE in (file.source_file, file.target_file)
    if not file and not is_whole and file.source_mode == file.target_mode:
        raise bug("no hunk follows")


def _path(file: PatchedFile) -> str:
    return (file.target_file if file.source_file == NOWHERE else file.source_file)[2:]


def _difference(start: int, source: list[str], there: list[str]) -> str:
    for at, line in enumerate(source):
        if line != (found := there[at] if at < len(there) else ""):
            return f"line {start + at + 1} is {found!r}, not {line!r}"
    return f"line {start + 1} is past the end, or in the hunk above"


def _normal(text: str) -> str:
    """One form for what is written in two: a length of one, the tab after a name with spaces."""
    text = re.sub(r"(?m)^@@ -(\d+) ", r"@@ -\1,1 ", text)
    text = re.sub(r"(?m)^(@@ -\d+,\d+ \+\d+) @@", r"\1,1 @@", text)
    return re.sub(r"(?m)^((?:---|\+\+\+) .*)\t$", r"\1", text)


def lines_of(text: bytes) -> list[str]:
    """The lines of a file, each with its end, which is a newline alone."""
    return StringIO(text.decode("utf-8", "surrogateescape"), newline="\n").readlines()


def bytes_of(lines: list[str]) -> bytes:
    """The lines as a file: the same bytes that `lines_of` was given."""
    return "".join(lines).encode("utf-8", "surrogateescape")
