"""A mistake's project in a folder, to try and to edit, and the way back from the folder to the diff."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from course.authors import mistakes, patches
from course.authors.patches import MODES, NO_NEWLINE, NOWHERE, Content, content_of, lines_of
from course.content import scaffold
from course.content.places import REFERENCE, Places
from course.errors import CourseBug, UsageError
from course.files import replace_file
from course.model import Exercise

CONTEXT_LINES = 3  # git's own number
_NAME = re.compile(r"[a-z0-9][a-z0-9_]*")
# git writes such a name in quotes, which no diff here has.
_UNWRITABLE = re.compile(r'["\\\x00-\x1f\x7f]|[^\x00-\x7f]')


@dataclass(frozen=True, slots=True)
class Saved:
    """The diff that was written: the style it stands on, how many lines each file lost and got, what to fill in."""

    path: Path
    on: str
    changed: tuple[tuple[str, int, int], ...]
    unfilled: tuple[str, ...]


def lay(places: Places, exercise: Exercise, name: str, folder: Path, *, on: str = "") -> str:
    """Lay a mistake out in a new folder or, for one that is still to make, the right solution `on`.

    Returns the path of what was laid on the scaffold, relative to the exercise's solutions.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is already there.", "Name a new folder, or remove that one.")
    path = _path(places, exercise, name)
    if on and path.exists():
        raise UsageError(f"{exercise.name} has a mistake {name!r} already.", "--on begins a new one. Leave it out.")
    if on:
        mistakes.lay_right(places, exercise, _style(places, exercise, on), folder)
        return f"right/{on}"
    if not path.exists():
        raise UsageError(
            f"{exercise.name} has no mistake {name!r}.",
            f"`learn dev show {exercise.name}` lists them; --on {REFERENCE} begins a new one on that right solution.",
        )
    mistake = mistakes.read(places, exercise, path)
    mistakes.lay(places, exercise, mistake, folder)
    return f"right/{mistake.on} with wrong/{path.name}" if mistake.diff else f"wrong/{path.name}"


def save(
    places: Places, exercise: Exercise, name: str, folder: Path, *, on: str = "", head: Mapping[str, str]
) -> Saved:
    """Write what a folder changes in a right solution as a mistake's diff: a new one, or over the old.

    The head's lines stay as they are, but for those given; what is needed and not given is left to fill in.
    """
    path = _path(places, exercise, name)
    if path.is_dir():
        raise UsageError(f"{path} is a folder, not a diff.", "Edit its files there.")
    lay_it = "Lay the mistake out in it first: the same without --save."
    if not folder.is_dir():
        raise UsageError(f"{folder} is not there.", lay_it)
    if not any(folder.iterdir()):
        raise UsageError(f"{folder} is empty.", lay_it)
    lines = mistakes.parts(path)[0] if path.exists() else {}
    lines |= {key: " ".join(value.split()) for key, value in head.items()}
    style = _style(places, exercise, on or lines.get("on", REFERENCE))
    lines["on"] = "" if style == REFERENCE else style
    with tempfile.TemporaryDirectory(prefix="learn-mistake-") as scratch:
        base = Path(scratch, "project")
        mistakes.lay_right(places, exercise, style, base)
        text = difference(base, folder)
        if not text:
            raise UsageError(
                f"{folder} differs in nothing from right/{style}.", "Make the mistake in it; then save it."
            )
        diff = patches.parse(text, told_by=str(folder))
        after = {file: content_of(folder / file) for file in diff.paths}
        if diff.changes(base) != after:
            raise CourseBug(f"{folder}: the diff that was made of it does not lead to it")
    top = [f"{key}: {lines.get(key, '')}".rstrip() for key in mistakes.KEYS if lines.get(key) or key in mistakes.NEEDED]
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, patches.bytes_of(["\n".join([*top, "", text])]))
    changed = tuple((file, each.removed, each.added) for file, each in zip(diff.paths, diff.files, strict=True))
    return Saved(path, style, changed, tuple(key for key in mistakes.NEEDED if not lines.get(key)))


def difference(base: Path, project: Path) -> str:
    """The diff from one project to the other, the lesson left out; "" when nothing differs."""
    paths = {path for folder in (base, project) for path in scaffold.listed(folder)} - {Path(scaffold.LESSON)}
    for path in sorted(paths):
        if _UNWRITABLE.search(path.as_posix()):
            raise UsageError(f"{project / path}: a diff here cannot hold this name.", "Rename it, or remove it.")
    told = [_between(path.as_posix(), content_of(base / path), content_of(project / path)) for path in sorted(paths)]
    # unidiff takes what follows a file without hunks for more of it: such files come last.
    return "".join(sorted(told, key=lambda text: "\n@@ " not in text))


def _between(path: str, before: Content | None, after: Content | None) -> str:
    """The diff of one file; "" when nothing differs. The path is relative, with slashes."""
    if before == after:
        return ""
    source, target = lines_of(before.text if before else b""), lines_of(after.text if after else b"")
    groups = SequenceMatcher(None, source, target, autojunk=False).get_grouped_opcodes(CONTEXT_LINES)
    hunks = [_hunk(source, target, group) for group in groups] if source != target else []
    about = _about(before, after, has_hunks=bool(hunks))
    head = [f"diff --git a/{path} b/{path}\n", *about] if about else []
    if hunks:
        head += [f"--- {f'a/{path}' if before else NOWHERE}\n", f"+++ {f'b/{path}' if after else NOWHERE}\n"]
    return "".join([*head, *hunks])


def _hunk(source: list[str], target: list[str], group: list[tuple[str, int, int, int, int]]) -> str:
    (_, i1, _, j1, _), (kind, a1, i2, b1, j2) = group[0], group[-1]
    # No file of ours ends in an empty line, which many an editor would take off.
    while kind == "equal" and i2 > a1 and source[i2 - 1] == "\n":
        i2, j2 = i2 - 1, j2 - 1
    group = [*group[:-1], (kind, a1, i2, b1, j2)]
    lines = [f"@@ -{_range(i1, i2)} +{_range(j1, j2)} @@\n"]
    for kind, a1, a2, b1, b2 in group:
        if kind == "equal":
            # As `diff --suppress-blank-empty` does: no editor takes a blank off, because there is none.
            lines += (line if line == "\n" else f" {line}" for line in source[a1:a2])
        else:
            lines += (f"-{line}" for line in source[a1:a2])
            lines += (f"+{line}" for line in target[b1:b2])
    return "".join(line if line.endswith("\n") else f"{line}\n\\{NO_NEWLINE}" for line in lines)


def _range(start: int, end: int) -> str:
    length = end - start
    first = start + bool(length)
    return f"{first}" if length == 1 else f"{first},{length}"


def _about(before: Content | None, after: Content | None, *, has_hunks: bool) -> list[str]:
    modes = {executable: mode for mode, executable in MODES.items()}
    if before and after:
        if before.is_executable is after.is_executable:
            return []
        return [f"old mode {modes[before.is_executable]}\n", f"new mode {modes[after.is_executable]}\n"]
    if has_hunks and not (after and after.is_executable):
        return []
    kept = after or before or Content(b"")
    return [f"{'new' if after else 'deleted'} file mode {modes[kept.is_executable]}\n"]


def _path(places: Places, exercise: Exercise, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a mistake.", "It has small letters, digits and underscores alone.")
    folder = places.solutions(exercise.path) / "wrong" / name
    return folder if folder.is_dir() else places.mistake(exercise.path, name)


def _style(places: Places, exercise: Exercise, style: str) -> str:
    styles = sorted(path.name for path in places.right(exercise.path, REFERENCE).parent.glob("[!.]*") if path.is_dir())
    if style not in styles:
        raise UsageError(f"{exercise.name} has no right solution {style!r}.", f"It has {', '.join(styles)}.")
    return style
