"""The learner's folder: found, made, filled with exercises, put back to the scaffold. Nothing of theirs is ever lost.

What is made is built in `.learn/making/` and renamed to its place when it is whole, so a `learn` that is killed leaves
either the old or the new; killed in the middle of a reset, each of the learner's files is in the folder or the backup.
`add` and `reset` are to be called under the lock (locking.py).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from course import files
from course.content import scaffold
from course.content.places import Places
from course.errors import UsageError
from course.learner import progress, roadmap
from course.model import Course, Exercise
from course.shared.ledger import LEDGER

KEPT_RUNS = 10
STAND = "stand.json"
_LEARN = ".learn"
_BASE = "base"
# What lies in an exercise's folder and is no work: the lesson, and what tools, editors and the app itself leave there.
_NO_WORK = {scaffold.LESSON, ".DS_Store", ".git", ".idea", ".venv", ".vscode"}
_NO_WORK |= {"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
_NO_WORK_ENDINGS = (".pyc", ".swp", "~")
_DATABASE = "db.sqlite3"  # and its -journal, -wal and -shm


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where each thing lies in a learner's folder."""

    root: Path

    @property
    def roadmap_file(self) -> Path:
        """The roadmap, to read and to write notes in."""
        return self.root / "ROADMAP.md"

    @property
    def learn(self) -> Path:
        """Ours: all that is not the learner's to edit."""
        return self.root / _LEARN

    @property
    def progress_file(self) -> Path:
        """The truth about what was passed."""
        return self.learn / "progress.json"

    @property
    def backups(self) -> Path:
        """What a reset has replaced."""
        return self.learn / "backups"

    @property
    def stands(self) -> Path:
        """A folder for each exercise whose stack stands, or has stood."""
        return self.learn / "stands"

    @property
    def making(self) -> Path:
        """What is being built, until it is renamed to its place."""
        return self.learn / "making"

    @property
    def lock_file(self) -> Path:
        """Held by the `learn` that changes or checks something here; holds its pid."""
        return self.learn / "lock"

    def exercise(self, path: str) -> Path:
        """The learner's project."""
        return self.root / path

    def base(self, path: str) -> Path:
        """The scaffold as it was issued."""
        return self.learn / _BASE / path

    def reference(self, path: str) -> Path:
        """A copy of the reference, made anew whenever it is opened."""
        return self.learn / "reference" / path

    def editor_record(self, editor: str) -> Path:
        """What `learn editor` has written for this editor."""
        return self.learn / "editors" / f"{editor}.json"

    def runs(self, path: str) -> Path:
        """The last runs of an exercise, one numbered folder each."""
        return self.learn / "runs" / path


def find(start: Path) -> Workspace:
    """The workspace that this folder is, or lies in. Raises UsageError where there is none."""
    folder = start.absolute()
    for place in (folder, *folder.parents):
        if _is_workspace(place):
            return Workspace(place)
    raise UsageError(
        "this folder is no workspace, and none lies above it.",
        "`learn init` makes one here; `learn init FOLDER` elsewhere.",
    )


def create(folder: Path, course: Course) -> Workspace:
    """Make a workspace. What lies in the folder stays as it is, a ROADMAP.md too.

    Raises UsageError where there is one already, here or above, or where the folder cannot be made.
    """
    ws = Workspace(folder.absolute())
    if _is_workspace(ws.root):
        raise UsageError(f"{ws.root} is a workspace already.", "`learn next` goes on in it.")
    for above in ws.root.resolve().parents:
        if _is_workspace(above):
            raise UsageError(f"{ws.root} lies in the workspace {above}.", "Make it elsewhere, or go on in that one.")
    with files.writing(ws.root):
        ws.learn.mkdir(parents=True, exist_ok=True)
    if not ws.roadmap_file.exists():
        roadmap.update(ws.roadmap_file, course, progress.Progress())
    # Last, because they are what makes the folder a workspace.
    progress.save(ws.progress_file, progress.Progress())
    with files.writing(ws.learn):
        (ws.learn / _BASE).mkdir(exist_ok=True)
    return ws


def add(ws: Workspace, places: Places, exercise: Exercise) -> tuple[Path, ...]:
    """Issue an exercise, unless it is there already. Returns its files, relative to its folder.

    Raises UsageError where something lies in its place that was not issued by `learn`.
    """
    project = ws.exercise(exercise.path)
    if _is_issued(ws, exercise.path):
        return scaffold.listed(ws.base(exercise.path))
    if _is_occupied(project):
        raise UsageError(
            f"{project} exists, and was not made by `learn`.", "Rename it or move it away; nothing in it was changed."
        )
    with files.building(ws.making, exercise.name) as place:
        names = scaffold.issue(places, exercise, place / "work")
        _put_in_place(ws, exercise, place)
    return names


def reset(ws: Workspace, places: Places, exercise: Exercise) -> Path:
    """Put the exercise back to its scaffold. Returns the backup, to which all that lay in the folder was moved.

    The folder itself stays, and a shell that stands in it with it. One that is a link is moved as a link: what it leads
    to stays as it is. Raises UsageError when there is nothing to put back, and leaves all as it was when it fails.
    """
    project = ws.exercise(exercise.path)
    if not _is_issued(ws, exercise.path):
        raise UsageError(f"{exercise.path} is not in this workspace.", f"`learn next {exercise.name}` makes it.")
    with files.building(ws.making, exercise.name) as place:
        scaffold.issue(places, exercise, place / "work")
        backup = _free_backup(ws, exercise.path)
        # Killed after this line, the work is in the backup, or half in it; another reset goes through, or, with nothing
        # left in the folder, `learn next`.
        if project.is_symlink():
            files.move(project, backup)
            _put_in_place(ws, exercise, place)
            return backup
        with files.moved_contents(project, backup):
            # Now that the folder is empty: without its base it would be taken for the learner's own.
            _renew_base(ws, exercise, place)
            with files.moved_contents(place / "work", project):
                pass
    return backup


def work_hash(ws: Workspace, exercise_path: str) -> str:
    """A sha256 of the learner's files; "" while the folder is not there. An edited lesson (README.md) is no edit."""
    return files.fingerprint(ws.exercise(exercise_path), _is_no_work)


def new_run(ws: Workspace, exercise_path: str) -> Path:
    """An empty folder for one more run; of the runs before it, all but the newest nine go."""
    folder = ws.runs(exercise_path)
    with files.writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        kept = _runs(folder)
        run = folder / f"{int(kept[-1].name) + 1 if kept else 1:04}"
        run.mkdir()
    for old in kept[: -(KEPT_RUNS - 1)]:
        if not (old / LEDGER).exists():  # else `sweep` still has to read what it started
            files.remove(old)
    return run


def kept_runs(ws: Workspace, exercise_path: str) -> list[Path]:
    """The folders of the last runs, the oldest first, whether they have ended or not."""
    return _runs(ws.runs(exercise_path))


def _put_in_place(ws: Workspace, exercise: Exercise, place: Path) -> None:
    """Rename what was built: first the scaffold as issued, then the project, which by then has no other in its way."""
    _renew_base(ws, exercise, place)
    files.move(place / "work", ws.exercise(exercise.path))


def _renew_base(ws: Workspace, exercise: Exercise, place: Path) -> None:
    """Keep what was built as the scaffold as issued, in place of an older one; which comes back when that fails."""
    base, old = ws.base(exercise.path), place / "old base"
    scaffold.copy(place / "work", place / "base")
    if base.exists():
        files.move(base, old)
    try:
        files.move(place / "base", base)
    except BaseException:
        if old.exists():
            old.rename(base)
        raise


def _is_workspace(folder: Path) -> bool:
    ws = Workspace(folder)
    try:
        return ws.progress_file.is_file() or (ws.learn / _BASE).is_dir()
    except PermissionError:
        return False  # a folder that we may not look into is none of ours


def _is_issued(ws: Workspace, exercise_path: str) -> bool:
    return ws.exercise(exercise_path).is_dir() and ws.base(exercise_path).is_dir()


def _is_occupied(project: Path) -> bool:
    """Whether something is there that a rename would have to destroy; an empty folder is nothing."""
    if project.is_dir() and not project.is_symlink():
        return any(project.iterdir())
    return os.path.lexists(project)


def _free_backup(ws: Workspace, exercise_path: str) -> Path:
    """As stage_2/blocking_problem-20260131-120000-1: the number tells two backups of one second apart."""
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    number = 1
    while os.path.lexists(backup := ws.backups / f"{exercise_path}-{stamp}-{number}"):
        number += 1
    return backup


def _is_no_work(name: str) -> bool:
    return name in _NO_WORK or name.endswith(_NO_WORK_ENDINGS) or name.startswith(_DATABASE)


def _runs(folder: Path) -> list[Path]:
    found = [path for path in folder.iterdir() if path.name.isdecimal()] if folder.is_dir() else []
    return sorted(found, key=lambda path: int(path.name))
