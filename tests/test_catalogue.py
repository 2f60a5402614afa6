"""The course as its files tell it, the real one and the toy."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.content import catalogue
from course.content.places import Places
from course.errors import CourseBug, UsageError
from course.model import Course, Exercise, ExitStatus

THE_ROADMAP = {
    "stage_1": 3,
    "stage_2": 4,
    "stage_3": 4,
    "stage_4": 4,
    "stage_5": 4,
    "stage_6": 4,
    "milestones": 4,
    "goal": 1,
}


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_all_28_units_stand_on_the_roadmap() -> None:
    course = catalogue.read()
    assert {stage.name: len(stage.exercises) for stage in course.stages} == THE_ROADMAP
    assert all(stage.done for stage in course.stages)


def test_each_milestone_says_after_which_stage_it_comes() -> None:
    course = catalogue.read()
    after = [exercise.after for stage in course.stages if stage.name == "milestones" for exercise in stage.exercises]
    assert after == ["stage 2", "stage 3", "stage 4", "stage 5"]


def test_the_toy_course_is_read_whole(toy_course: Course) -> None:
    assert (toy_course.title, toy_course.tour) == ("A Toy Course", "stage_1/greeting")
    greeting, hello, farewell = toy_course.exercises
    assert farewell == Exercise("stage_2", "farewell", "Farewell over HTTP")
    assert hello.servers == ("gunicorn",)
    assert greeting == Exercise(
        "stage_1",
        "greeting",
        "A Greeting",
        written=True,
        goal="A greeting in one line.",
        minutes=2,
        your_work=("greeting.txt",),
        given=("notes/rules.txt",),
        first_check="test_the_greeting_is_written",
        first_code="greeting-untouched",
    )


def test_an_exercises_own_hints_stand_over_the_shared_ones(own_places: Places) -> None:
    own = own_places.hints_file("stage_2/hello")
    own.write_text(own.read_text() + '[server-error]\nhints = ["a", "b", "c"]\n')
    found = catalogue.hints(own_places, "stage_2/hello")
    assert found["server-error"] == ("a", "b", "c")
    assert {"import-error", "not-hello"} <= set(found)
    assert "import-error" not in catalogue.own_hints(own_places, "stage_2/hello")


def test_an_exercise_without_hints_has_the_shared_ones(own_places: Places) -> None:
    own_places.hints_file("stage_2/hello").unlink()
    assert set(catalogue.hints(own_places, "stage_2/hello")) == {"import-error", "left-running", "server-error"}


def test_waits_are_named_with_their_seconds(own_places: Places) -> None:
    file = own_places.rooms / "exercises/stage_1/greeting/exercise.toml"
    with file.open("a", encoding="utf-8") as exercise_file:
        exercise_file.write('[waits]\n"a lease runs out twice" = 1.5\n')
    assert catalogue.read(own_places).exercises[0].waits == (("a lease runs out twice", 1.5),)


@pytest.mark.parametrize("name", ["hello", "stage_2/hello", "stage_2/hello/", " hello "])
def test_an_exercise_is_found_by_name_and_by_path(toy_course: Course, name: str) -> None:
    assert catalogue.find(toy_course, name).path == "stage_2/hello"


@pytest.mark.parametrize("name", ["helo", "HELLO", "hello over http", "stage_1/hello"])
def test_an_unknown_name_gets_near_names(toy_course: Course, name: str) -> None:
    with pytest.raises(UsageError) as told:
        catalogue.find(toy_course, name)
    assert told.value.wrong == f"there is no exercise {name!r}."
    assert told.value.remedy.startswith("Near it: hello")
    assert told.value.status is ExitStatus.USAGE


def test_a_name_like_no_other_gets_the_list(toy_course: Course) -> None:
    with pytest.raises(UsageError) as told:
        catalogue.find(toy_course, "xyzzy")
    assert told.value.remedy == "`learn progress` lists them all."


def test_a_stage_is_no_exercise_and_its_exercises_are_named(toy_course: Course) -> None:
    with pytest.raises(UsageError, match="stage_2 is a stage, not an exercise") as told:
        catalogue.find(toy_course, "stage_2")
    assert told.value.remedy == "Name one of its exercises: hello, farewell."


def test_an_exercise_to_come_is_said_to_be_so(toy_course: Course) -> None:
    with pytest.raises(UsageError, match=r"Farewell over HTTP \(stage_2/farewell\) is still to come"):
        catalogue.find(toy_course, "farewell")


def test_a_name_that_two_exercises_have_asks_for_the_path(own_places: Places) -> None:
    change(own_places.stage_file("stage_1"), "[exercises]", '[exercises]\nhello = "Another Hello"')
    with pytest.raises(UsageError, match="'hello' is the name of several") as told:
        catalogue.find(catalogue.read(own_places), "hello")
    assert told.value.remedy == "Say which: stage_1/hello, stage_2/hello."


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("course.toml", 'title = "A Toy Course"', "", "course.toml: key 'title' is missing"),
        ("course.toml", '"stage_2"', '"stage_3"', "stage_3/stage.toml: the file is missing"),
        ("course.toml", "stage_1/greeting", "stage_9/x", "course.toml: key 'tour' names no exercise: 'stage_9/x'"),
        ("stage_1/stage.toml", "done =", "doen =", "stage_1/stage.toml: key 'done' is missing"),
        ("stage_1/stage.toml", 'greeting = "A Greeting"', "", "key 'exercises' names no exercise"),
        ("stage_1/stage.toml", "greeting =", "Greeting-1 =", "key 'exercises.Greeting-1' is no folder name"),
        (
            "stage_1/stage.toml",
            "[exercises]",
            "[after]\nhello = 'x'\n[exercises]",
            "key 'after.hello' is not known here",
        ),
        (
            "stage_1/stage.toml",
            "[exercises]",
            "[after]\ngreeting = 'stage 7'\n[exercises]",
            "key 'after.greeting' names no stage: 'stage 7'",
        ),
        ("stage_1/greeting/exercise.toml", "goal =", "gaol =", "greeting/exercise.toml: key 'goal' is missing"),
        ("stage_1/greeting/exercise.toml", "minutes = 2", "minutes = 'two'", "key 'minutes' must be a number above 0"),
        ("stage_1/greeting/exercise.toml", 'check = "', 'chek = "', "key 'first_finding.check' is missing"),
        ("stage_1/greeting/exercise.toml", "servers", "waits = 3\nservers", "key 'waits' must be a table"),
        ("stage_1/greeting/exercise.toml", "servers", "needs = 1\nservers", "key 'needs' is not known here"),
    ],
)
def test_a_fault_of_the_course_names_file_and_key(
    own_places: Places, file: str, old: str, new: str, fault: str
) -> None:
    change(own_places.rooms / "exercises" / file, old, new)
    with pytest.raises(CourseBug) as told:
        catalogue.read(own_places)
    assert told.value.wrong.startswith(str(own_places.rooms / "exercises"))
    assert fault in told.value.wrong


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[not-hello]\nhints = ["a", "b"]', "key 'not-hello.hints' must hold three hints"),
        ('[not-hello]\nhints = ["a", "b", ""]', "key 'not-hello.hints' must hold three hints"),
        ('[Not_Hello]\nhints = ["a", "b", "c"]', "key 'Not_Hello' is no diagnosis code"),
        ('[not-hello]\nhint = "a"', "key 'not-hello.hints' is missing"),
    ],
)
def test_a_fault_of_the_hints_names_file_and_key(own_places: Places, text: str, fault: str) -> None:
    file = own_places.hints_file("stage_2/hello")
    file.write_text(text)
    with pytest.raises(CourseBug) as told:
        catalogue.hints(own_places, "stage_2/hello")
    assert told.value.wrong.startswith(f"{file}: {fault}")
