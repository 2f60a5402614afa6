"""`learn dev mistake`: from a diff to a folder and back; by the module, and as an author types it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from course.authors import mistakes, saving
from course.content.places import Places
from course.errors import UsageError
from course.model import Exercise
from tests.terminal import Shown, learn

NAME = "two_lines"


def refusal(places: Places, exercise: Exercise, name: str, folder: Path, *, save: bool = False, on: str = "") -> str:
    asked = partial(saving.save, head={}) if save else saving.lay
    with pytest.raises(UsageError) as caught:
        asked(places, exercise, name, folder, on=on)
    assert caught.value.remedy
    return caught.value.wrong


def test_what_is_laid_out_and_edited_is_saved_with_its_head(
    own_places: Places, greeting: Exercise, tmp_path: Path
) -> None:
    path, folder = own_places.mistake(greeting.path, NAME), tmp_path / NAME
    path.write_text(path.read_text().replace("where: greeting.txt:2", "where: greeting.txt:2\nbreaks: one-line"))
    assert saving.lay(own_places, greeting, NAME, folder) == "right/reference with wrong/two_lines.diff"
    assert (folder / "greeting.txt").read_text() == "Hello, world.\nHow are you.\n"
    before = path.read_text()
    saving.save(own_places, greeting, NAME, folder, head={})
    assert path.read_text() == before
    (folder / "greeting.txt").write_text("Hello, world.\nHow do you do.\n")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_bytes(b"")
    done = saving.save(own_places, greeting, NAME, folder, head={"why": "another\nway"})
    assert (done.path, done.changed, done.unfilled) == (path, (("greeting.txt", 0, 1),), ())
    assert "breaks: one-line\nwhy: another way\n\n--- a/greeting.txt\n" in path.read_text()


def test_a_new_one_begins_on_a_right_solution(own_places: Places, greeting: Exercise, tmp_path: Path) -> None:
    folder = tmp_path / "shouts"
    assert saving.lay(own_places, greeting, "shouts", folder, on="without_draft") == "right/without_draft"
    assert not (folder / "draft.txt").exists()
    (folder / "greeting.txt").write_text("WORLD, WELL MET.\n")
    done = saving.save(own_places, greeting, "shouts", folder, on="without_draft", head={"code": "too-loud"})
    assert (done.on, done.unfilled) == ("without_draft", ("check", "why"))
    text = done.path.read_text()
    assert text.startswith("check:\ncode: too-loud\non: without_draft\nwhy:\n\n--- a/greeting.txt\n")
    saving.save(own_places, greeting, "shouts", folder, head={"check": "test_x", "why": "it is heard"})
    assert mistakes.read(own_places, greeting, done.path).on == "without_draft"


def test_a_mistake_is_moved_to_another_style(own_places: Places, greeting: Exercise, tmp_path: Path) -> None:
    saving.lay(own_places, greeting, NAME, tmp_path / NAME)
    done = saving.save(own_places, greeting, NAME, tmp_path / NAME, on="morning", head={})
    assert "\non: morning\n" in done.path.read_text()
    mistakes.lay(own_places, greeting, mistakes.read(own_places, greeting, done.path), tmp_path / "again")
    assert (tmp_path / "again" / "greeting.txt").read_text() == "Hello, world.\nHow are you.\n"


def test_the_lesson_is_in_no_diff(own_places: Places, greeting: Exercise, tmp_path: Path) -> None:
    saving.lay(own_places, greeting, NAME, tmp_path / NAME)
    (tmp_path / NAME / "README.md").write_text("scribbled\n")
    done = saving.save(own_places, greeting, NAME, tmp_path / NAME, head={})
    assert [file for file, _, _ in done.changed] == ["greeting.txt"]


def test_what_cannot_be_done_is_said(own_places: Places, greeting: Exercise, tmp_path: Path) -> None:
    free = tmp_path / "free"
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    told = refusal(own_places, greeting, NAME, tmp_path / "full")
    assert told.endswith("full is already there.")
    told = refusal(own_places, greeting, "nosuch", free)
    assert told == "greeting has no mistake 'nosuch'."
    told = refusal(own_places, greeting, NAME, free, on="reference")
    assert told == "greeting has a mistake 'two_lines' already."
    told = refusal(own_places, greeting, "nosuch", free, on="nosuch")
    assert told == "greeting has no right solution 'nosuch'."
    told = refusal(own_places, greeting, "../two", free)
    assert told == "'../two' is no name of a mistake."
    told = refusal(own_places, greeting, NAME, free, save=True)
    assert told.endswith("free is not there.")
    told = refusal(own_places, greeting, "file_removed", tmp_path / "full", save=True)
    assert told.endswith("wrong/file_removed is a folder, not a diff.")
    mistakes.lay_right(own_places, greeting, "reference", free)
    told = refusal(own_places, greeting, NAME, free, save=True)
    assert told.endswith("free differs in nothing from right/reference.")


def test_a_name_that_a_diff_cannot_hold_is_refused(own_places: Places, greeting: Exercise, tmp_path: Path) -> None:
    mistakes.lay_right(own_places, greeting, "reference", tmp_path / "odd")
    (tmp_path / "odd" / "grüße.txt").touch()
    told = refusal(own_places, greeting, NAME, tmp_path / "odd", save=True)
    assert "grüße.txt" in told


def typed(places: Places, folder: Path, *arguments: str) -> Shown:
    return learn(folder, "dev", "mistake", *arguments, rooms=places.rooms)


def test_an_author_makes_a_mistake(own_places: Places, tmp_path: Path) -> None:
    laid = typed(own_places, tmp_path, "greeting", "shouts", "--on", "reference")
    assert laid.status == 0, laid.error
    assert "shouts: the scaffold, right/reference" in laid.out
    assert "learn dev mistake greeting shouts shouts --save" in laid.out
    (tmp_path / "shouts" / "greeting.txt").write_text("Hello, world!\n")
    saved = typed(own_places, tmp_path, "greeting", "shouts", "--save", "--check", "test_it_ends_with_a_full_stop")
    assert saved.status == 0, saved.error
    assert "greeting.txt: -1 +1 on right/reference" in saved.out
    assert "Its first lines want code, why." in saved.out
    unfilled = learn(tmp_path, "dev", "show", "greeting", rooms=own_places.rooms)
    assert unfilled.status == 1
    assert "key 'code' is not filled in" in " ".join(unfilled.error.split())
    whole = typed(own_places, tmp_path, "greeting", "shouts", "--save", "--code", "no-full-stop", "--why", "joy")
    assert whole.status == 0, whole.error
    assert "want" not in whole.out
    shown = learn(tmp_path, "dev", "show", "greeting", rooms=own_places.rooms)
    assert "joy" in shown.out


def test_options_of_save_are_refused_without_it(own_places: Places, tmp_path: Path) -> None:
    shown = typed(own_places, tmp_path, "greeting", NAME, "--why", "joy")
    assert shown.status == 2
    assert "--why is for --save." in shown.error
    assert not (tmp_path / NAME).exists()


def test_an_empty_folder_is_no_mistake(own_places: Places, tmp_path: Path) -> None:
    (tmp_path / "shouts").mkdir()
    saved = typed(own_places, tmp_path, "greeting", "shouts", "--save", "--check", "a", "--code", "b", "--why", "c")
    assert saved.status == 2
    assert "shouts is empty." in saved.error
