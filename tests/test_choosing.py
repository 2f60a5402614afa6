"""Which cases are proven: a sample with one mistake a diagnosis, or each check alone on the reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.authors import choosing
from course.content import suites
from course.content.places import Places
from course.errors import CourseBug
from course.model import Exercise
from tests.grading import lay


def test_a_sample_has_one_mistake_of_each_code(toy_places: Places) -> None:
    whole, sample = (choosing.read(toy_places, ["greeting"], sample=each).cases for each in (False, True))
    assert [case for case in whole if case.kind != "wrong"] == [case for case in sample if case.kind != "wrong"]
    codes = [case.code for case in sample if case.kind == "wrong"]
    assert len(codes) == len(set(codes)) < len([case for case in whole if case.kind == "wrong"])
    assert set(codes) == {case.code for case in whole if case.kind == "wrong"}


def test_alone_is_each_check_on_the_reference(toy_places: Places, greeting: Exercise) -> None:
    cases = choosing.read(toy_places, ["greeting"], alone=True).cases
    assert {(case.kind, case.name, case.code) for case in cases} == {("right", "reference", "")}
    assert [case.alone for case in cases] == list(suites.checks(toy_places.suite(greeting.path)))
    assert "test_the_greeting_is_written" in {case.alone for case in cases}


def test_without_a_name_every_written_exercise_is_chosen(toy_places: Places) -> None:
    chosen = choosing.read(toy_places, [])
    assert {case.exercise.name for case in chosen.cases} == {"greeting", "hello"}
    assert chosen.problems == ()


def test_a_check_file_that_is_no_python_is_named_with_its_line(tmp_path: Path) -> None:
    lay(tmp_path, {"test_toy.py": '"""Checks."""\n\ndef test_one(:\n'})
    with pytest.raises(CourseBug, match=r"test_toy\.py:3: "):
        list(suites.checks(tmp_path))
