"""What `learn dev check` says of the course's files without running anything: each problem, provoked."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from course.authors import linting
from course.content import catalogue
from course.content.places import Places
from course.model import LEFT_RUNNING_SENTENCE

GREETING = "stage_1/greeting"
CHECKS = "test_greeting.py"


def problems(places: Places) -> tuple[str, ...]:
    return linting.problems(places, catalogue.read(places))


def edit(file: Path, change: Callable[[str], str]) -> None:
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")


def only_problem(places: Places) -> str:
    found = problems(places)
    assert len(found) == 1, found
    return found[0]


def test_the_course_itself_has_no_problem() -> None:
    assert problems(Places()) == ()


def test_a_server_that_nobody_knows_is_told(own_places: Places) -> None:
    edit(own_places.exercise_file("stage_2/hello"), lambda text: text.replace('"gunicorn"', '"gunicron"'))
    assert only_problem(own_places).startswith(
        "stage_2/hello: exercise.toml: key 'servers' names 'gunicron'; known are"
    )


def test_a_check_file_that_is_no_python_is_told_with_its_line(own_places: Places) -> None:
    edit(own_places.suite(GREETING) / CHECKS, lambda text: text + "\ndef test_more(:\n")
    assert re.search(rf"{CHECKS}:\d+: invalid syntax", only_problem(own_places))


def test_a_template_that_cannot_be_filled_is_told(own_places: Places) -> None:
    (own_places.scaffold(GREETING) / "more.txt.jinja").write_text("{{ nosuch }}")
    assert "more.txt.jinja: 'nosuch' is undefined" in only_problem(own_places)


def test_the_toy_course_has_no_problem(toy_places: Places) -> None:
    assert problems(toy_places) == ()


def test_a_code_without_hints_is_told(own_places: Places) -> None:
    edit(
        own_places.suite(GREETING) / CHECKS,
        lambda text: text + '\n\ndef never():\n    fail("new-code", wanted="", saw="")\n',
    )
    assert only_problem(own_places) == f"{GREETING}: diagnosis 'new-code' has no hints in hints.toml"


def test_a_diagnosis_that_no_wrong_solution_proves_is_told(own_places: Places) -> None:
    edit(own_places.hints_file(GREETING), lambda text: text + '\n[new-code]\nhints = ["**a**", "b", "c"]\n')
    assert only_problem(own_places) == f"{GREETING}: no wrong solution proves the diagnosis 'new-code'"


def test_a_first_hint_without_its_noun_is_told(own_places: Places) -> None:
    edit(own_places.hints_file(GREETING), lambda text: text.replace("**words**", "words"))
    told = "diagnosis 'greeting-untouched': the first hint names one noun to look up, in **bold**"
    assert only_problem(own_places) == f"{GREETING}: {told}"


def test_a_lessons_list_of_checks_holds_them_all_in_their_order(own_places: Places) -> None:
    sentences = linting.check_sentences(own_places.suite(GREETING))
    whole = [*sentences, f"{LEFT_RUNNING_SENTENCE}."]
    lesson, before = own_places.lesson(GREETING), own_places.lesson(GREETING).read_text(encoding="utf-8")

    def listing(items: list[str]) -> tuple[str, ...]:
        numbered = "\n".join(f"{number}. {item}" for number, item in enumerate(items, 1))
        head, mark, rest = before.partition("## Read on")
        text = f"{head}What is checked, {linting.LIST_OF_CHECKS}:\n\n{numbered}\n\n{mark}{rest}"
        lesson.write_text(text, encoding="utf-8")
        return problems(own_places)

    assert listing(whole) == ()
    assert listing(sentences) == (
        f"{GREETING}: lesson.md's list of checks lacks, in this place: {LEFT_RUNNING_SENTENCE}",
    )
    assert f"{GREETING}: lesson.md's list of checks lacks, in this place: {sentences[0]}" in listing(whole[1:])


def test_too_few_solutions_are_told(own_places: Places) -> None:
    for folder in sorted((own_places.solutions(GREETING) / "right").iterdir()):
        if folder.name != "reference":
            shutil.rmtree(folder)
    assert only_problem(own_places).startswith(f"{GREETING}: 1 right solutions; at least 3")


def test_an_expected_check_that_does_not_exist_is_told(own_places: Places) -> None:
    edit(own_places.mistake(GREETING, "two_lines"), lambda text: re.sub(r"check: \w+", "check: test_nosuch", text))
    assert any("expects 'test_nosuch', which is no check" in problem for problem in problems(own_places))


def test_a_mistake_that_no_longer_fits_is_told(own_places: Places) -> None:
    edit(own_places.reference(GREETING) / "greeting.txt", lambda text: text.replace("Hello", "Good day"))
    found = problems(own_places)
    assert len(found) == 5, found
    assert all("greeting.txt: hunk 1 does not fit: line 1 is 'Good day, world.\\n', not" in each for each in found)


def test_an_expectation_that_cannot_be_read_is_told(own_places: Places) -> None:
    expect = next((own_places.solutions(GREETING) / "wrong").glob("*/expect.toml"))
    edit(expect, lambda text: text.replace("code =", "kode ="))
    assert only_problem(own_places).endswith("expect.toml: key 'code' is missing")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text[:200], "words; wanted are"),
        (lambda text: text.replace("## Fact check", "## Myths"), "headings must hold, in order"),
        (lambda text: text + "\n[a blog](https://blog.example/post)\n", "links to blog.example/post"),
        (lambda text: text + "\n[a repository](https://github.com/someone/else)\n", "links to github.com/someone/else"),
    ],
)
def test_a_lesson_that_is_not_as_lessons_are_is_told(
    own_places: Places, change: Callable[[str], str], told: str
) -> None:
    edit(own_places.lesson(GREETING), change)
    assert any(problem.startswith(f"{GREETING}: lesson.md") and told in problem for problem in problems(own_places))


def test_a_file_that_the_scaffold_does_not_make_is_told(own_places: Places) -> None:
    edit(own_places.exercise_file(GREETING), lambda text: text.replace("your_work = [", 'your_work = ["nosuch.py", '))
    assert only_problem(own_places) == f"{GREETING}: exercise.toml names 'nosuch.py', which the scaffold does not make"


def test_a_missing_why_is_told(own_places: Places) -> None:
    (own_places.reference(GREETING) / "why.md").unlink()
    assert only_problem(own_places) == f"{GREETING}: right/reference/why.md is missing"


def test_folders_and_check_files_that_belong_to_no_exercise_are_told(own_places: Places) -> None:
    (own_places.rooms / "exercises" / "stage_1" / "stray").mkdir()
    (own_places.rooms / "solutions" / "stage_1" / "lost").mkdir()
    (own_places.rooms / "checker" / "stage_1" / "lonely").mkdir()
    assert problems(own_places) == (
        "exercises/stage_1/stray: stage.toml does not name it",
        "solutions/stage_1/lost: stage.toml does not name it",
        "checker/stage_1/lonely: stage.toml does not name it",
    )
