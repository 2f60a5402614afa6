"""`learn dev new` makes rooms that the rest of the course can read; `learn dev show` finds them all."""

from __future__ import annotations

import re

import pytest

from course.authors import dossier, linting, new, proving
from course.content import catalogue
from course.content.places import Places
from course.errors import UsageError

NEW = "stage_2/retries"


@pytest.mark.parametrize(("path", "server"), [(NEW, "gunicorn"), ("stage_9/retries", "uvicorn")])
def test_a_new_exercise_is_whole_but_for_its_lesson(own_places: Places, path: str, server: str) -> None:
    own_places.stage_file("stage_9").parent.mkdir()
    late = 'title = "Later"\ndone = "you can"\n\n[exercises]\nlate = "Late"\n'
    own_places.stage_file("stage_9").write_text(late, encoding="utf-8")
    course_file = own_places.course_file
    course_file.write_text(course_file.read_text().replace('"stage_2"', '"stage_2", "stage_9"'), encoding="utf-8")
    made = new.new(own_places, path, "Retries")
    assert all(file.is_file() for file in made.files)
    course = catalogue.read(own_places)
    exercise = catalogue.find(course, path)
    assert (exercise.title, exercise.written, exercise.servers) == ("Retries", True, (server,))
    (problem,) = linting.problems(own_places, course)
    assert re.fullmatch(rf"{path}: lesson.md has \d+ words; wanted are .*", problem)
    proofs = proving.prove(own_places, proving.cases(own_places, exercise), fresh=True)
    assert [(proof.case.name, proof.seen) for proof in proofs if not proof.is_right] == []
    assert len(proofs) == 10


def test_its_line_goes_into_the_table_of_exercises_even_when_another_table_follows(own_places: Places) -> None:
    stage_file = own_places.stage_file("stage_2")
    first = next(iter(e.name for e in catalogue.read(own_places).exercises if e.stage == "stage_2"))
    stage_file.write_text(stage_file.read_text().rstrip() + f'\n\n# When.\n[after]\n{first} = "stage 1"\n')
    new.new(own_places, NEW, "Retries")
    course = catalogue.read(own_places)
    assert catalogue.find(course, NEW).after == ""
    assert catalogue.find(course, first).after == "stage 1"


def test_a_box_that_is_still_to_come_is_not_named_twice(own_places: Places) -> None:
    coming = next(e for e in catalogue.read(own_places).exercises if not e.written)
    made = new.new(own_places, coming.path, "Another Title")
    assert made.title == coming.title
    assert catalogue.find(catalogue.read(own_places), coming.path).title == coming.title
    assert not any("Another Title" in file.read_text(encoding="utf-8") for file in made.files)
    assert catalogue.find(catalogue.read(own_places), coming.path).written


def test_nothing_is_overwritten(own_places: Places) -> None:
    with pytest.raises(UsageError, match="is already there"):
        new.new(own_places, "stage_1/greeting", "Greeting")


@pytest.mark.parametrize("path", ["retries", "stage_8/retries", "stage_1/two-words", "stage_1/", ""])
def test_a_path_that_is_none_is_refused(own_places: Places, path: str) -> None:
    with pytest.raises(UsageError, match="no path of an exercise"):
        new.new(own_places, path, "Retries")


def test_show_lists_the_files_of_all_rooms(toy_places: Places) -> None:
    exercise = catalogue.find(catalogue.read(toy_places), "greeting")
    found = dossier.read(toy_places, exercise)
    rooms = {file.parts[0] for file in found.files}
    assert rooms == {"exercises", "checker", "solutions"}
    assert {case.kind for case in found.cases} == {"scaffold", "right", "wrong"}


@pytest.mark.parametrize(
    ("path", "said"),
    [("stage_8/retries", "the stages are .*stage_1, stage_2"), ("stage_1/two-words", "a-z, 0-9 and _")],
)
def test_what_is_wrong_with_a_path_is_said(own_places: Places, path: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        new.new(own_places, path, "Retries")
    assert re.search(said, refused.value.remedy)
