"""The course as its files tell it: course.toml, stage.toml, exercise.toml and hints.toml become frozen values.

A fault in a file is a CourseBug that names the file and the key. Lessons, scaffolds and checks are not read here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from course.content.places import Places
from course.content.table import Table
from course.errors import CourseBug, UsageError
from course.model import Course, Exercise, Stage

HINTS_A_CODE = 3
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

Hints = Mapping[str, tuple[str, str, str]]


def read(places: Places | None = None) -> Course:
    """The whole roadmap. Raises CourseBug where a file is missing, is no TOML, or lacks or misspells a key."""
    places = places or Places()
    table = Table.load(places.course_file)
    title, names, tour = table.text("title"), table.texts("stages"), table.text("tour", default="")
    table.close()
    stages = tuple(_stage(places, name) for name in names)
    course = Course(title, stages, tour)
    _must_be_sound(places, course)
    return course


def hints(places: Places, exercise_path: str) -> Hints:
    """Three hints for each diagnosis code: the exercise's own, over those that every exercise shares."""
    return {**_hints(places.shared_hints_file), **own_hints(places, exercise_path)}


def own_hints(places: Places, exercise_path: str) -> Hints:
    """The hints of the exercise's own hints.toml; none where it has no such file."""
    return _hints(places.hints_file(exercise_path))


def is_name(name: str) -> bool:
    """Whether an exercise may be called so: it is the folder's name in every room."""
    return _NAME.fullmatch(name) is not None


def find(course: Course, name: str) -> Exercise:
    """The exercise of this name or path. Raises UsageError with near names, or when it is still to come."""
    wanted = name.strip().rstrip("/")
    found = [e for e in course.exercises if wanted in (e.path, e.name)]
    if not found:
        raise _unknown(course, wanted)
    if len(found) > 1:
        paths = ", ".join(exercise.path for exercise in found)
        raise UsageError(f"{wanted!r} is the name of several exercises.", f"Say which: {paths}.")
    exercise = found[0]
    if not exercise.written:
        raise UsageError(
            f"{exercise.title} ({exercise.path}) is still to come.", "`learn progress` shows what is there to do."
        )
    return exercise


def _unknown(course: Course, wanted: str) -> UsageError:
    for stage in course.stages:
        if wanted == stage.name:
            names = ", ".join(exercise.name for exercise in stage.exercises)
            return UsageError(f"{wanted} is a stage, not an exercise.", f"Name one of its exercises: {names}.")
    from difflib import get_close_matches

    by_word = {word.lower(): e for e in course.exercises for word in (e.title, e.path, e.name)}
    near = get_close_matches(wanted.lower(), by_word, n=3, cutoff=0.6)
    alike = dict.fromkeys(by_word[word].name for word in near)
    like = f"Near it: {', '.join(alike)}. " if alike else ""
    return UsageError(f"there is no exercise {wanted!r}.", f"{like}`learn progress` lists them all.")


def _stage(places: Places, name: str) -> Stage:
    file = places.stage_file(name)
    table = Table.load(file)
    title, done = table.text("title"), table.text("done")
    titles, after = table.table("exercises"), table.table("after", is_needed=False)
    exercises = tuple(
        _exercise(places, name, key, titles.text(key), after.text(key, default="")) for key in titles.keys
    )
    for part in (titles, after, table):
        part.close()
    if not exercises:
        raise CourseBug(f"{file}: key 'exercises' names no exercise")
    return Stage(name, title, done, exercises)


def _exercise(places: Places, stage: str, name: str, title: str, after: str) -> Exercise:
    if not is_name(name):
        raise CourseBug(f"{places.stage_file(stage)}: key 'exercises.{name}' is no folder name (a-z, 0-9, _)")
    file = places.exercise_file(f"{stage}/{name}")
    if not file.is_file():
        return Exercise(stage, name, title, after=after)
    table = Table.load(file)
    first, waits = table.table("first_finding"), table.table("waits", is_needed=False)
    exercise = Exercise(
        stage,
        name,
        title,
        written=True,
        goal=table.text("goal"),
        minutes=int(table.number("minutes")),
        servers=table.texts("servers", is_needed=False),
        your_work=table.texts("your_work"),
        given=table.texts("given", is_needed=False),
        time_limit_s=table.number("time_limit_s", default=60.0),
        waits=tuple((what, waits.number(what)) for what in waits.keys),
        first_check=first.text("check"),
        first_code=first.text("code"),
        after=after,
    )
    for part in (first, waits, table):
        part.close()
    return exercise


def _must_be_sound(places: Places, course: Course) -> None:
    """What no single file can tell: a milestone's stage and the tour's exercise must exist."""
    stages = {stage.name.replace("_", " ") for stage in course.stages}
    for exercise in course.exercises:
        if exercise.after and exercise.after not in stages:
            file = places.stage_file(exercise.stage)
            raise CourseBug(f"{file}: key 'after.{exercise.name}' names no stage: {exercise.after!r}")
    if course.tour and course.tour not in {exercise.path for exercise in course.exercises}:
        raise CourseBug(f"{places.course_file}: key 'tour' names no exercise: {course.tour!r}")


def _hints(file: Path) -> Hints:
    if not file.is_file():
        return {}
    table = Table.load(file)
    found = {}
    for code in table.keys:
        entry = table.table(code)
        texts = entry.texts("hints")
        entry.close()
        if not _CODE.fullmatch(code):
            raise CourseBug(f"{file}: key {code!r} is no diagnosis code (a-z, 0-9, -)")
        if len(texts) != HINTS_A_CODE or not all(text.strip() for text in texts):
            raise CourseBug(f"{file}: key '{code}.hints' must hold three hints")
        found[code] = (texts[0], texts[1], texts[2])
    return found
