"""`learn dev`, for authors, on the toy course."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from course.content.places import Places
from tests.terminal import learn
from tests.transcripts import hold


def test_dev_show_lists_all_of_one_exercise(tmp_path: Path) -> None:
    shown = learn(tmp_path, "dev", "show", "greeting")
    assert shown.status == 0
    hold("dev_show", shown.out)


def test_dev_new_makes_an_exercise_that_is_there_at_once(own_places: Places, tmp_path: Path) -> None:
    shown = learn(tmp_path, "dev", "new", "stage_2/goodbye", "Goodbye over HTTP", rooms=own_places.rooms)
    assert shown.status == 0
    made = [path for path in own_places.rooms.rglob("*") if "goodbye" in path.parts and path.is_file()]
    assert made
    assert [path for path in made if f" {path}\n" not in shown.out] == []  # each whole, to be copied
    assert "is not used" not in shown.out
    assert learn(tmp_path, "dev", "show", "goodbye", rooms=own_places.rooms).status == 0


def test_dev_new_says_when_the_roadmap_has_another_title(own_places: Places, tmp_path: Path) -> None:
    shown = learn(tmp_path, "dev", "new", "stage_2/farewell", "So Long", rooms=own_places.rooms)
    told = " ".join(shown.out.split())
    assert "The roadmap has this box already, as 'Farewell over HTTP': 'So Long' is not used." in told


def test_dev_new_overwrites_nothing(own_places: Places, tmp_path: Path) -> None:
    shown = learn(tmp_path, "dev", "new", "stage_1/greeting", "Again", rooms=own_places.rooms)
    assert shown.status == 2
    assert "is already there" in shown.error.replace("\n         ", " ")


def test_dev_check_proves_an_exercise_and_sums_up(tmp_path: Path) -> None:
    shown = learn(tmp_path, "dev", "check", "greeting", "--jobs", "3")
    assert shown.status == 0, shown.out
    assert "✓ greeting · scaffold" in shown.out
    assert "✓ greeting · wrong two_lines" in shown.out
    assert "Proven: 10 verdicts, each as expected." in shown.out


def test_dev_check_shows_what_a_grader_got_wrong(
    own_places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expect = own_places.mistake("stage_1/greeting", "two_lines")
    expect.write_text(expect.read_text().replace("too-long", "no-full-stop"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where the run is kept
    shown = learn(tmp_path, "dev", "check", "greeting", "--json", rooms=own_places.rooms)
    assert shown.status == 1
    told = [json.loads(line) for line in shown.out.splitlines()]
    (wrong,) = [each for each in told if each["event"] == "proof" and not each["right"]]
    assert (wrong["name"], wrong["expected"]) == ("two_lines", "test_it_is_one_line: no-full-stop at greeting.txt:2")
    assert wrong["seen"] == "test_it_is_one_line: too-long at greeting.txt:2"
    assert wrong["said"]
    assert (Path(wrong["run"]) / "verdict.json").is_file()


def test_dev_check_tells_the_unexpected_again_below_the_table(
    own_places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    expect = own_places.mistake("stage_1/greeting", "two_lines")
    expect.write_text(expect.read_text().replace("too-long", "no-full-stop"))
    shown = learn(tmp_path, "dev", "check", "greeting", rooms=own_places.rooms)
    below = shown.out.partition("median s")[2]
    assert "✗ greeting · wrong two_lines" in below
    assert "Not proven: 1 of 10 verdicts" in below


def test_dev_check_tells_problems_of_the_files(own_places: Places, tmp_path: Path) -> None:
    own_places.lesson("stage_1/greeting").write_text("# Short\n")
    shown = learn(tmp_path, "dev", "check", "greeting", rooms=own_places.rooms)
    assert shown.status == 1
    assert "✗ stage_1/greeting: lesson.md has" in shown.out
    assert "Not proven" in shown.out


# --- a fault in an author's file ---


def test_a_misspelt_key_is_the_authors_to_mend_and_no_bug_to_report(own_places: Places, tmp_path: Path) -> None:
    file = own_places.exercise_file("stage_1/greeting")
    file.write_text(file.read_text().replace("goal", "gaol"))
    for command in (["check"], ["show", "greeting"]):
        shown = learn(tmp_path, "dev", *command, rooms=own_places.rooms)
        said = " ".join(shown.error.split())
        assert shown.status == 1, command
        assert "key 'goal' is missing" in said
        assert "Mend that file" in said
        assert "report" not in said


def test_a_misspelt_key_of_the_hints_is_the_authors_to_mend_too(own_places: Places, tmp_path: Path) -> None:
    file = own_places.hints_file("stage_1/greeting")
    file.write_text(file.read_text().replace("hints =", "hint =", 1))
    shown = learn(tmp_path, "dev", "check", "greeting", rooms=own_places.rooms)
    assert (shown.status, shown.error) == (1, "")
    assert "✗ greeting · all 10 cases" in shown.out
    assert ".hints' is missing" in shown.out.replace("\n", "")


def test_a_cause_that_all_cases_share_is_told_once(
    own_places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    file = own_places.suite("stage_1/greeting") / "test_greeting.py"
    file.write_text(file.read_text().replace('@needs("', '@needs("un'))
    shown = learn(tmp_path, "dev", "check", "greeting", rooms=own_places.rooms)
    assert shown.status == 1
    coming, _, below = shown.out.partition("median s")
    cause = "which is no check"
    assert (coming.count(cause), below.count(cause)) == (1, 1)
    assert "checker/stage_1/greeting/test_greeting.py:" in below
    assert "✗ greeting · all 10 cases" in below
    assert len(below.splitlines()) < 10


# --- other proofs ---


def test_each_check_is_proven_alone(tmp_path: Path) -> None:
    shown = learn(tmp_path, "dev", "check", "greeting", "--alone")
    assert shown.status == 0, shown.out
    assert "✓ greeting · alone test_the_greeting_is_written" in shown.out
    assert re.search(r"exercise +alone +codes", shown.out)
    assert re.search(r"Proven: (\d+) verdicts, each as expected", shown.out)


def test_a_sample_is_smaller_than_the_whole(tmp_path: Path) -> None:
    shown = learn(tmp_path, "dev", "check", "greeting", "--sample", "--strict", "--json")
    assert shown.status == 0, shown.out
    told = [json.loads(line) for line in shown.out.splitlines()]
    assert {each["kind"] for each in told} == {"scaffold", "right", "wrong"}
    assert len(told) < 10
    assert not any(each["unsteady"] for each in told)
