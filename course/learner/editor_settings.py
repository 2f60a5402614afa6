"""`learn editor`: what is to be written for an editor, written, and undone to the byte.

What was there before, and what was made of it, is kept in `.learn/editors/NAME.json` until it is undone:

    {"v": 1, "before": {".vscode/settings.json": "..." or null}, "after": {".vscode/settings.json": "..."},
     "folders": [".vscode"]}

A file that is as we left it gets back what it was before. One that was edited since loses ours alone.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from course import files
from course.errors import UsageError
from course.learner import editor_files, locking
from course.learner.editor_files import Part, Unmergeable
from course.learner.situation import Situation
from course.learner.workspace import Workspace
from course.shared.reading import content_of

VERSION = 1


@dataclass(frozen=True, slots=True)
class Change:
    """A file (relative to the workspace) as it is and as it is to be. None stands for no file."""

    file: str
    now: str | None
    then: str | None

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines that come (+) and go (-)."""
        diff = difflib.unified_diff((self.now or "").splitlines(), (self.then or "").splitlines(), n=0, lineterm="")
        return tuple(line for line in list(diff)[2:] if not line.startswith("@@"))


@dataclass(frozen=True, slots=True)
class Record:
    """What was written: each file's text before it and after it, and the folders that were made."""

    before: Mapping[str, str | None] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, and the record of it. `left` are files that stay as they are, each with the reason."""

    editor: str
    changes: tuple[Change, ...]
    left: Mapping[str, str]
    record: Record
    undoes: bool = False


def planned(here: Situation, editor: str) -> Plan:
    """What is still to be written for the editor. Raises UsageError where a file cannot be changed safely."""
    parts = editor_files.parts(_known(editor), here.course)
    record = _load(here.workspace, editor)
    before, after = dict(record.before), dict(record.after)
    changes, left = [], {}
    for part in parts:
        now = _text(here.workspace, part.file)
        with _merging(here.workspace, part):
            if now is not None and part.put(now) == now and not part.instead(now):
                continue
            # On what it is without ours: of another interpreter, say. So what is written twice is undone at once.
            base = _without_ours(part, record, now)
            then = part.put(base)
            if instead := part.instead(then):
                left[part.file] = instead
        if then != now:
            changes.append(Change(part.file, now, then))
            before[part.file], after[part.file] = base, then
    return Plan(editor, tuple(changes), left, replace(record, before=before, after=after))


def undoing(here: Situation, editor: str) -> Plan:
    """How to take out again what was written for the editor. Raises UsageError where nothing was."""
    parts = {part.file: part for part in editor_files.parts(_known(editor), here.course)}
    record = _load(here.workspace, editor)
    if not record.after:
        raise UsageError(
            f"nothing was written here for {editor_files.NAMES[editor]}.", f"`learn editor {editor}` does it."
        )
    changes, left = [], {}
    for file, written in record.after.items():
        part = parts.get(file) or editor_files.Own(file, written)  # of an exercise that the course has no more
        now = _text(here.workspace, file)
        with _merging(here.workspace, part):
            then = _without_ours(part, record, now)
        if then != now:
            changes.append(Change(file, now, then))
        elif now is not None and isinstance(part, editor_files.Own):
            left[file] = "edited since it was written; it stays"
    return Plan(editor, tuple(changes), left, Record(folders=record.folders), undoes=True)


def carry_out(here: Situation, plan: Plan) -> None:
    """Do what was planned. Raises UsageError, and writes nothing, where a file has changed meanwhile."""
    ws = here.workspace
    with locking.lock(ws):
        for change in plan.changes:
            if _text(ws, change.file) != change.now:
                raise UsageError(
                    f"{ws.root / change.file} has just been changed.", "Nothing was written; type it again."
                )
        if plan.changes and not plan.undoes:
            # First, so that all that is written can be undone, even when we are killed half-way.
            new = {Path(change.file).parent.as_posix() for change in plan.changes}
            made = sorted(folder for folder in new if not (ws.root / folder).exists())
            _save(ws, plan.editor, replace(plan.record, folders=(*plan.record.folders, *made)))
        for change in plan.changes:
            _write(ws.root / change.file, change.then)
        if plan.undoes:
            for folder in plan.record.folders:
                with suppress(OSError):  # something of another's is in it
                    (ws.root / folder).rmdir()
            files.remove(ws.editor_record(plan.editor))


def _without_ours(part: Part, record: Record, now: str | None) -> str | None:
    written = record.after.get(part.file)
    if written is None or now is None:
        return now
    before = record.before.get(part.file)
    if now == written:
        return before
    left = part.take(now, written)
    return None if before is None and part.is_blank(left) else left


@contextmanager
def _merging(ws: Workspace, part: Part) -> Iterator[None]:
    try:
        yield
    except Unmergeable as error:
        raise UsageError(f"{ws.root / part.file} cannot be changed safely: {error.why}.", error.by_hand) from error


def _known(editor: str) -> str:
    if editor not in editor_files.NAMES:
        raise UsageError(f"there are no settings for {editor!r}.", f"There are for: {', '.join(editor_files.NAMES)}.")
    return editor


def _text(ws: Workspace, file: str) -> str | None:
    """The file as it is, line ends and signature (BOM) too. Raises UsageError for what is no text."""
    path = ws.root / file
    try:
        return content_of(path).decode()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else (error.strerror or str(error)).lower()
        raise UsageError(f"{path} cannot be read: {why}.", "Nothing was changed.") from error


def _write(path: Path, text: str | None) -> None:
    if text is None:
        with files.writing(path):
            path.unlink(missing_ok=True)
        return
    with files.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    files.replace_file(path, text.encode())


def _load(ws: Workspace, editor: str) -> Record:
    """What was written for the editor; nothing where no record can be read."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        body: dict[str, Any] = json.loads(content_of(ws.editor_record(editor)))
        if body["v"] == VERSION:
            before, after = dict(body["before"]), dict(body["after"])
            return Record(before, after, tuple(body["folders"]))
    return Record()


def _save(ws: Workspace, editor: str, record: Record) -> None:
    _write(ws.editor_record(editor), json.dumps({"v": VERSION, **asdict(record)}, indent=1) + "\n")
