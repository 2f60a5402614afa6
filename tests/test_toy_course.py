"""The toy course is a whole course: it keeps the rules of the real one, and its graders judge as they should."""

from __future__ import annotations

import pytest

from course.authors import linting, proving
from course.content.places import Places
from course.model import Course, Exercise


def test_the_toy_course_keeps_every_rule(toy_places: Places, toy_course: Course) -> None:
    assert linting.problems(toy_places, toy_course) == ()


def test_it_has_an_exercise_with_a_server_one_without_and_one_to_come(toy_course: Course) -> None:
    assert [(e.name, e.written, e.servers) for e in toy_course.exercises] == [
        ("greeting", True, ()),
        ("hello", True, ("gunicorn",)),
        ("farewell", False, ()),
    ]


@pytest.mark.parametrize("name", ["greeting", "hello"])
def test_its_scaffolds_fail_and_its_references_pass(toy_places: Places, toy_course: Course, name: str) -> None:
    exercise: Exercise = next(exercise for exercise in toy_course.exercises if exercise.name == name)
    chosen = [case for case in proving.cases(toy_places, exercise) if case.name in ("", "reference")]
    proofs = proving.prove(toy_places, chosen, fresh=True)
    assert [(proof.case.kind, proof.seen) for proof in proofs] == [
        ("scaffold", f"{exercise.first_check}: {exercise.first_code}"),
        ("right", "passes"),
    ]
