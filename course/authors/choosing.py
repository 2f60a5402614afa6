"""Which cases `learn dev check` proves: all of the catalogue, a part of it, or each check alone on the reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from course.authors import linting
from course.authors.proving import Case, cases
from course.content import catalogue
from course.content.places import REFERENCE, Places
from course.content.suites import checks
from course.model import Exercise


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be proven, and what is wrong with the course's files already."""

    cases: tuple[Case, ...]
    problems: tuple[str, ...]


def read(
    places: Places, names: Sequence[str], *, alone: bool = False, right: bool = False, sample: bool = False
) -> Chosen:
    """The cases of the exercises of these names, of all that are written when none is named, and every problem."""
    course = catalogue.read(places)
    named = [catalogue.find(course, name) for name in names]
    exercises = named or [exercise for exercise in course.exercises if exercise.written]
    choose = each_alone if alone else without_mistakes if right else sample_of if sample else cases
    problems = linting.problems(places, course)
    return Chosen(tuple(case for exercise in exercises for case in choose(places, exercise)), problems)


def without_mistakes(places: Places, exercise: Exercise) -> Iterator[Case]:
    """The scaffold and every right solution."""
    yield from (case for case in cases(places, exercise) if case.kind != "wrong")


def sample_of(places: Places, exercise: Exercise) -> Iterator[Case]:
    """The scaffold, every right solution, and of the mistakes the first for each diagnosis code."""
    met: set[str] = set()
    for case in cases(places, exercise):
        if case.kind != "wrong" or case.code not in met:
            yield case
        if case.kind == "wrong":
            met.add(case.code)


def each_alone(places: Places, exercise: Exercise) -> Iterator[Case]:
    """The reference once for each check, which runs with what it needs and nothing else."""
    for case in cases(places, exercise):
        if (case.kind, case.name) == ("right", REFERENCE):
            yield from (replace(case, alone=check) for check in checks(places.suite(exercise.path)))
