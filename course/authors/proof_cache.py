"""Remembers which cases of the catalogue were proven, by the content of all that could change the outcome."""

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


class ProofCache:
    """One small file a proven case, in the user's cache folder. Only right outcomes are kept."""

    def __init__(self, places: Places) -> None:
        self._places = places
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        self._folder = Path(base) / "learn-asgi" / "proofs"

    def seconds(self, exercise_path: str, parts: Sequence[Path]) -> float | None:
        """How long the run with these parts on the scaffold took; None when this very content was not proven."""
        with suppress(OSError, ValueError, KeyError):
            return float(json.loads(self._file(exercise_path, parts).read_text())["seconds"])
        return None

    def keep(self, exercise_path: str, parts: Sequence[Path], seconds: float) -> None:
        """Remember that this content was proven. A cache that cannot be written is no error."""
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file(exercise_path, parts).write_text(json.dumps({"seconds": round(seconds, 3)}))

    def _file(self, exercise_path: str, parts: Sequence[Path]) -> Path:
        content = hashlib.sha256(_engine().encode())
        rooms = [self._places.exercise(exercise_path), self._places.suite(exercise_path)]
        for room in (*rooms, *parts):
            content.update(_digest(room).encode())
        return self._folder / f"{content.hexdigest()}.json"


@cache
def _engine() -> str:
    """The interpreter, every installed distribution's version, and the code of `course` and the checker."""
    versions = sorted(f"{dist.name}=={dist.version}" for dist in metadata.distributions())
    checker = ROOMS / "checker"
    code = [_digest(Path(__file__).parents[1]), *(_digest(checker / part) for part in ("harness", "probe"))]
    code += [_digest(file) for file in sorted(checker.glob("*.*"))]
    return "\n".join([sys.version, *versions, *code])


def _digest(path: Path) -> str:
    content = hashlib.sha256()
    for file in _files(path):
        content.update(str(file.relative_to(path.parent)).encode())
        content.update(hashlib.sha256(file.read_bytes()).digest())
    return content.hexdigest()


def _files(path: Path) -> Iterable[Path]:
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
