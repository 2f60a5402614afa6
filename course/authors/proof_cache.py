"""Remembers which cases of the catalogue were proven, by the content of all that could change the outcome.

That is the exercise's own rooms, the hints that all share, the case, and the engine: what grades, and what it runs on.
The screens and the learner's side are no part of it, and no other exercise is.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path

from course.content.places import ROOMS, Places

_COURSE = Path(__file__).parents[1]
# Of the course itself. Some of the authors' is among them: it lays cases out, and judges whether a verdict is expected.
GRADES = (
    *("shared", "grading", "content/scaffold.py", "content/places.py"),
    *("errors.py", "files.py", "model.py", "pictures.py"),
    *("authors/mistakes.py", "authors/patches.py", "authors/proving.py"),
)


class ProofCache:
    """One small file a proven case, in the user's cache folder. Only right outcomes are kept."""

    def __init__(self, places: Places) -> None:
        self._places = places
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        self._folder = Path(base) / "learn-asgi" / "proofs"

    def seconds(self, exercise_path: str, parts: Sequence[Path], variant: str = "") -> float | None:
        """How long the run with these parts on the scaffold took; None when this very content was not proven.

        `variant` tells runs of the same content from each other: those of one check, those to the last check.
        """
        with suppress(OSError, ValueError, KeyError):
            return float(json.loads(self._file(exercise_path, parts, variant).read_text())["seconds"])
        return None

    def keep(self, exercise_path: str, parts: Sequence[Path], seconds: float, variant: str = "") -> None:
        """Remember that this content was proven. A cache that cannot be written is no error."""
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file(exercise_path, parts, variant).write_text(json.dumps({"seconds": round(seconds, 3)}))

    def _file(self, exercise_path: str, parts: Sequence[Path], variant: str) -> Path:
        content = hashlib.sha256(f"{_engine()}\n{variant}".encode())
        rooms = [
            self._places.exercise(exercise_path),
            self._places.suite(exercise_path),
            self._places.shared_hints_file,
        ]
        for room in (*rooms, *parts):
            content.update(_digest(room).encode())
        return self._folder / f"{content.hexdigest()}.json"


@cache
def _engine() -> str:
    """The interpreter, every installed distribution's version, and the code that grades, of whatever exercise."""
    versions = sorted(f"{dist.name}=={dist.version}" for dist in metadata.distributions())
    return "\n".join([sys.version, *versions, *(_digest(part) for part in engine_parts())])


def engine_parts() -> tuple[Path, ...]:
    """The code that grades, files and folders: the checker but for the exercises' rooms, and what it stands on."""
    checker = ROOMS / "checker"
    stages = {folder.name for folder in (ROOMS / "exercises").iterdir()}
    grades = (
        part for part in checker.iterdir() if part.name not in stages and not part.name.startswith((".", "__pyc"))
    )
    return (*sorted(grades), *(_COURSE / name for name in GRADES))


def _digest(path: Path) -> str:
    content = hashlib.sha256()
    for file in _files(path):
        content.update(str(file.relative_to(path.parent)).encode())
        content.update(hashlib.sha256(file.read_bytes()).digest())
    return content.hexdigest()


def _files(path: Path) -> Iterable[Path]:
    if path.is_file():
        return [path]
    # None, too, where there is no such file: a small course has no shared hints.
    return sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
