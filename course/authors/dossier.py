"""For authors: `learn dev show` lists all that belongs to one exercise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from course.authors import promises
from course.authors.promises import Promise
from course.authors.proving import Case, cases
from course.content.places import Places
from course.model import Exercise


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that belongs to one exercise, by room: paths relative to the rooms. `promises` tells who breaks which."""

    exercise: Exercise
    files: tuple[Path, ...]
    cases: tuple[Case, ...]
    promises: tuple[Promise, ...]


def read(places: Places, exercise: Exercise) -> Dossier:
    """The one-folder view of an exercise whose files lie in three rooms."""
    rooms = [places.exercise(exercise.path), places.suite(exercise.path), places.solutions(exercise.path)]
    found = [file for room in rooms for file in sorted(room.rglob("*"))]
    files = (file.relative_to(places.rooms) for file in found if file.is_file() and "__pycache__" not in file.parts)
    lesson = places.lesson(exercise.path).read_text(encoding="utf-8")
    all_cases = cases(places, exercise)
    breaks = {case.name: case.mistake.breaks for case in all_cases if case.mistake}
    return Dossier(exercise, tuple(files), all_cases, promises.read(lesson, breaks))
