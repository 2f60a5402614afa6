"""Named promises: read from a lesson, hidden from learners, and held against the mistakes, both ways."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.authors import dossier, linting, promises
from course.content import catalogue, scaffold
from course.content.places import Places
from course.content.promises import named, without_names
from course.learner import asking
from course.view import authoring
from tests.transcripts import shown

LESSON = """\
# A Lesson

## The idea

- an entry, and no promise

## Build

Advice stands here.

- Joining twice is joining once: one leave
  ends it. <!-- joined-once -->

### In two parts

- Nobody else hears it.
  <!-- private -->
- Advice may be an entry too.

```html
- code <!-- stays -->
```

## Read on
"""
BREAKS = {"list_of_rooms": ("joined-once/one-leave",), "one_group": ("private",)}


def problems(lesson: str = LESSON, breaks: promises.Breaks = BREAKS) -> list[str]:
    return list(promises.problems(lesson, breaks))


def test_a_promise_is_an_entry_with_a_name_at_its_end() -> None:
    assert [(each.name, each.text, each.is_promise) for each in named(LESSON)] == [
        ("joined-once", "Joining twice is joining once: one leave ends it.", True),
        ("private", "Nobody else hears it.", True),
    ]


def test_learners_do_not_see_the_names() -> None:
    text = without_names(LESSON)
    assert "joined-once" not in text
    assert "  ends it.\n\n### In two parts\n\n- Nobody else hears it.\n- Advice" in text
    assert "- code <!-- stays -->" in text


def test_what_has_no_names_stays_as_it_is() -> None:
    text = "# A\n\n  two blanks  \n\n<!-- over\ntwo lines -->\nno newline at the end"
    assert without_names(text) == text


def test_promises_and_mistakes_that_fit_are_no_problem() -> None:
    assert problems() == []


def test_each_promise_is_listed_with_its_mistakes_by_side() -> None:
    assert [(each.name, each.broken_by) for each in promises.read(LESSON, BREAKS)] == [
        ("joined-once", (("one-leave", "list_of_rooms"),)),
        ("private", (("", "one_group"),)),
    ]


def test_a_promise_that_no_mistake_breaks_is_told() -> None:
    assert problems(breaks={"list_of_rooms": ("joined-once",)}) == ["no mistake breaks the promise 'private'"]


def test_a_mistake_that_breaks_what_nobody_promised_is_told() -> None:
    wrong = {**BREAKS, "crashes": ("private/side", "unheard-of/side")}
    assert problems(breaks=wrong) == ["wrong crashes breaks 'unheard-of/side', which is no promise of the lesson"]


def test_a_mistake_that_breaks_no_promise_is_told_where_there_are_promises() -> None:
    assert problems(breaks={**BREAKS, "crashes": ()}) == [
        "wrong crashes names no promise that it breaks (`breaks: PROMISE/SIDE`)"
    ]
    assert problems("# No names\n\n## Build\n\n- Advice.\n", {"crashes": ()}) == []


def test_a_name_used_twice_is_told() -> None:
    assert problems(LESSON.replace("private", "joined-once"), {"a": ("joined-once",)}) == [
        "lesson.md: 2 promises are named 'joined-once'"
    ]


@pytest.mark.parametrize("name", ["Private", "two words", "under_score", "-dash", ""])
def test_a_name_that_is_not_kebab_case_is_told(name: str) -> None:
    lesson = LESSON.replace("<!-- private -->", f"<!-- {name} -->")
    assert f"lesson.md: {name!r} is no name of a promise (a-z, 0-9, -)" in problems(lesson)


@pytest.mark.parametrize(
    "lesson",
    [
        LESSON.replace("Advice stands here.", "Advice stands here. <!-- stray -->"),
        LESSON.replace("and no promise", "and no promise <!-- stray -->"),
        LESSON.replace("## Read on", "<!-- stray -->\n\n## Read on"),
    ],
    ids=["a paragraph", "another section", "a line alone"],
)
def test_a_name_that_ends_no_entry_of_build_is_told(lesson: str) -> None:
    assert problems(lesson) == ["lesson.md: 'stray' ends no entry of the list in Build"]


@pytest.fixture
def promising(own_places: Places) -> Places:
    """The toy course, whose greeting has one promise that no mistake breaks."""
    lesson = own_places.lesson("stage_1/greeting")
    text = lesson.read_text(encoding="utf-8")
    lesson.write_text(text.replace("## Build\n", "## Build\n\n- It greets. <!-- greets -->\n"), encoding="utf-8")
    return own_places


def test_dev_check_holds_them_against_each_other(promising: Places) -> None:
    found = linting.problems(promising, catalogue.read(promising))
    assert "stage_1/greeting: no mistake breaks the promise 'greets'" in found
    assert any("names no promise that it breaks" in problem for problem in found)


def test_the_issued_lesson_has_no_names(promising: Places, tmp_path: Path) -> None:
    exercise = catalogue.find(catalogue.read(promising), "greeting")
    scaffold.issue(promising, exercise, tmp_path / "project")
    issued = (tmp_path / "project" / "README.md").read_text(encoding="utf-8")
    assert "- It greets.\n" in issued
    assert issued == asking.lesson("greeting", promising)


def test_dev_show_lists_them_with_their_mistakes(promising: Places) -> None:
    expect = min((promising.solutions("stage_1/greeting") / "wrong").glob("*/expect.toml"))
    expect.write_text(expect.read_text(encoding="utf-8") + 'breaks = "greets/at-all"\n', encoding="utf-8")
    exercise = catalogue.find(catalogue.read(promising), "greeting")
    text = shown(authoring.dossier(dossier.read(promising, exercise)))
    assert f"greets          It greets.\n    /at-all                       {expect.parent.name}\n" in text


def test_dev_show_says_where_no_mistake_breaks_one(promising: Places) -> None:
    exercise = catalogue.find(catalogue.read(promising), "greeting")
    assert "no mistake breaks it" in shown(authoring.dossier(dossier.read(promising, exercise)))
