"""ROADMAP.md: a view of the progress that leaves the learner's own words alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.content import catalogue
from course.errors import UsageError
from course.learner import roadmap
from course.learner.progress import ExerciseProgress, Progress
from course.model import Course

PASSED = Progress({"stage_1/greeting": ExerciseProgress(passed_at="2026-01-31T12:00:00+00:00", passed_hash="h")})
ROADMAP = """\
# A Toy Course

`learn check` ticks these boxes. What you write here stays; a line you delete stays away.
Delete the whole file, and it is made anew.

## Stage 1 · Words

- [x] A Greeting (`stage_1/greeting`)

## Stage 2 · Servers

- [ ] Hello over HTTP (`stage_2/hello`)
- [ ] Farewell over HTTP (`stage_2/farewell`)
"""


def ticked(text: str, path: str = "stage_1/greeting") -> str:
    return roadmap.tick(text, path, ticked=True)


def test_the_roadmap_shows_stages_and_boxes(toy_course: Course) -> None:
    assert roadmap.render(toy_course, PASSED) == ROADMAP


def test_the_real_roadmap_has_28_boxes_and_says_when_milestones_come() -> None:
    course = catalogue.read()
    text = roadmap.render(course, Progress())
    assert text.count("\n- [ ] ") == 28
    assert "\n- [ ] Move to Uvicorn (`milestones/convert_to_async`, after stage 3)\n" in text
    for exercise in course.exercises:
        assert ticked(text, exercise.path).count("- [x] ") == 1


def test_a_tick_changes_one_character() -> None:
    before = ROADMAP.replace("[x]", "[ ]")
    assert ticked(before) == ROADMAP
    assert roadmap.tick(ROADMAP, "stage_1/greeting", ticked=False) == before


@pytest.mark.parametrize(
    "line",
    [
        "* [ ] read twice: A Greeting (`stage_1/greeting`), with coffee\r\n",
        "   12. [ ] **`stage_1/greeting`**",
        "> - [ ] ~~A Greeting~~ `stage_1/greeting` \N{HEAVY CHECK MARK}",
    ],
)
def test_a_box_is_found_however_the_learner_has_dressed_it(line: str) -> None:
    assert ticked(f"mine\n{line}\nmine [ ]\n") == f"mine\n{line.replace('[ ]', '[x]')}\nmine [ ]\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I am through with `stage_1/greeting`: [ ]\n",
        "- [ ] `stage_1/greetings`\n",
        "- [ ] stage_1/greeting without backticks\n",
        "- [x] A Greeting (`stage_1/greeting`)\n",
        "- [X] A Greeting (`stage_1/greeting`)\n",
        "- [ ] a note\n`stage_1/greeting`\n",
    ],
)
def test_a_text_without_an_open_box_stays_as_it_is(text: str) -> None:
    assert ticked(text) == text


def test_only_the_first_box_of_an_exercise_is_touched() -> None:
    line = "- [ ] A Greeting (`stage_1/greeting`)\n"
    assert ticked(line * 2) == line.replace("[ ]", "[x]") + line


def test_a_missing_file_is_made_with_its_ticks(tmp_path: Path, toy_course: Course) -> None:
    roadmap.update(tmp_path / "ROADMAP.md", toy_course, PASSED)
    assert (tmp_path / "ROADMAP.md").read_text(encoding="utf-8") == ROADMAP


def test_the_learners_notes_and_deletions_survive(tmp_path: Path, toy_course: Course) -> None:
    path = tmp_path / "ROADMAP.md"
    path.write_text("My plan\r\n- [ ] A Greeting (`stage_1/greeting`)  easy!\r\n\r\nno servers for me\r\n", newline="")
    roadmap.update(path, toy_course, PASSED)
    assert path.read_bytes() == b"My plan\r\n- [x] A Greeting (`stage_1/greeting`)  easy!\r\n\r\nno servers for me\r\n"


def test_a_hand_made_tick_gives_way_to_the_truth(tmp_path: Path, toy_course: Course) -> None:
    path = tmp_path / "ROADMAP.md"
    path.write_text("- [X] `stage_2/hello`\n")
    roadmap.update(path, toy_course, PASSED)
    assert path.read_text() == "- [ ] `stage_2/hello`\n"


def test_an_encoding_of_the_learners_survives(tmp_path: Path, toy_course: Course) -> None:
    path = tmp_path / "ROADMAP.md"
    path.write_bytes(b"caf\xe9\n- [ ] `stage_1/greeting`\n\xff")
    roadmap.update(path, toy_course, PASSED)
    assert path.read_bytes() == b"caf\xe9\n- [x] `stage_1/greeting`\n\xff"


def test_a_file_that_stands_so_already_is_not_written(tmp_path: Path, toy_course: Course) -> None:
    path = tmp_path / "ROADMAP.md"
    path.write_text(ROADMAP, encoding="utf-8")
    before = path.stat().st_ino
    roadmap.update(path, toy_course, PASSED)
    assert path.stat().st_ino == before


def test_a_roadmap_that_cannot_be_read_is_said(tmp_path: Path, toy_course: Course) -> None:
    (tmp_path / "ROADMAP.md").mkdir()
    with pytest.raises(UsageError, match=r"ROADMAP\.md cannot be read: is a directory"):
        roadmap.update(tmp_path / "ROADMAP.md", toy_course, PASSED)
