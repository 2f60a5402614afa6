"""Which cases `learn dev check` proves: all of the catalogue, a sample of it, or each check alone on the reference."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from course.authors.proving import Case, cases
from course.content.places import Places
from course.errors import CourseBug
from course.model import Exercise


def catalogue(places: Places, exercises: Sequence[Exercise]) -> tuple[Case, ...]:
    """Every scaffold, right solution and wrong solution."""
    return tuple(case for exercise in exercises for case in cases(places, exercise))


def sample(places: Places, exercises: Sequence[Exercise]) -> tuple[Case, ...]:
    """Every scaffold and right solution, and of the mistakes the first for each diagnosis code."""
    return tuple(case for exercise in exercises for case in _sample_of(cases(places, exercise)))


def alone(places: Places, exercises: Sequence[Exercise]) -> tuple[Case, ...]:
    """The reference once for each check, which runs with what it needs and nothing else."""
    found = []
    for exercise in exercises:
        of_reference = (case for case in cases(places, exercise) if (case.kind, case.name) == ("right", "reference"))
        for reference in of_reference:
            found += [replace(reference, alone=check) for check in checks(places.suite(exercise.path))]
    return tuple(found)


def code(case: Case) -> str:
    """The diagnosis code that a case must meet; "" when it must pass."""
    _check, _, rest = case.expected.partition(": ")
    return rest.partition(" ")[0]


def checks(suite: Path) -> Iterator[str]:
    """The checks of an exercise's check files, in their order. Raises CourseBug for a file that is no Python."""
    for file in sorted(suite.glob("test_*.py")):
        for node in parsed(file).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name


def parsed(file: Path) -> ast.Module:
    """A module of the checks. Raises CourseBug that names the file and the line, for one that is no Python."""
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise CourseBug(f"{file}:{error.lineno}: {error.msg}") from error
    except ValueError as error:
        raise CourseBug(f"{file}: {error}") from error


def _sample_of(of_exercise: Sequence[Case]) -> Iterator[Case]:
    met: set[str] = set()
    for case in of_exercise:
        if case.kind != "wrong" or code(case) not in met:
            yield case
        if case.kind == "wrong":
            met.add(code(case))
