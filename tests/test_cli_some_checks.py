"""`learn check --only` and `--first-failed`: which checks run, and what a run of some of them leaves as it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from course.content.places import Places
from course.errors import UsageError
from course.learner import picking, progress
from course.learner.progress import ExerciseProgress, Progress
from course.model import CheckResult, Exercise, Finding, Outcome, Verdict
from tests.terminal import do_the_work, learn

WRITTEN, WORLD, STOP = "test_the_greeting_is_written", "test_it_greets_the_world", "test_it_ends_with_a_full_stop"


def of_greeting(folder: Path) -> ExerciseProgress:
    """What is known of the greeting."""
    return progress.load(folder / ".learn" / "progress.json").progress.exercises["stage_1/greeting"]


def greet(folder: Path, text: str) -> None:
    """Write a greeting."""
    (folder / "stage_1" / "greeting" / "greeting.txt").write_text(text, encoding="utf-8")


def run_by(folder: Path, *options: str) -> list[list[str]]:
    """The checks that each run was of, in their order."""
    lines = [json.loads(line) for line in learn(folder, "check", "--json", *options).out.splitlines()]
    return [[check for check, _ in line["checks"]] for line in lines if line["event"] == "suite_started"]


@pytest.mark.parametrize("name", ["2", WORLD, "It greets the world", "GREETS  the", "world"])
def test_a_check_is_named_by_number_test_name_or_part_of_its_line(
    toy_places: Places, greeting: Exercise, name: str
) -> None:
    assert picking.named(toy_places, greeting, name) == (WORLD,)


@pytest.mark.parametrize(
    ("name", "told", "offered"),
    [
        ("It", "'It' fits 4 checks of greeting", " 3  It is one line"),
        ("moon", "no check of greeting is called 'moon'", " 1  The greeting is written"),
        ("", "no check of greeting is called ''", " 1  The greeting is written"),
        ("0", "no check of greeting is called '0'", " 4  It ends with a full stop"),
        ("5", "check 5 ends every run", "another"),
    ],
)
def test_what_names_none_or_several_is_told_with_those_there_are(
    toy_places: Places, greeting: Exercise, name: str, told: str, offered: str
) -> None:
    with pytest.raises(UsageError) as error:
        picking.named(toy_places, greeting, name)
    assert told in error.value.wrong
    assert offered in error.value.remedy


def test_only_runs_a_check_with_what_it_needs_under_their_numbers(folder: Path) -> None:
    greet(folder, "hello world\n")
    shown = learn(folder, "check", "--only", "full stop")
    assert shown.status == 1
    assert "It is one line" not in shown.out
    assert "check 4 · " in shown.out
    assert "Of some checks only. `learn check` runs all." in shown.out
    assert "Not yet: 2 of 3" in shown.out
    again = learn(folder, "show").out
    assert "Of some checks only" in again
    assert "check 4 · " in again


def test_only_neither_passes_an_exercise_nor_takes_its_tick(folder: Path) -> None:
    do_the_work(folder)
    shown = learn(folder, "check", "--only", "2")
    assert shown.status == 0
    assert "ROADMAP.md" not in shown.out
    assert of_greeting(folder).passed_at is None
    assert "- [x]" not in (folder / "ROADMAP.md").read_text(encoding="utf-8")
    assert learn(folder, "check").status == 0
    passed = of_greeting(folder)
    known = progress.after(
        Progress({"stage_1/greeting": passed}),
        Verdict("stage_1/greeting", Outcome.FAILED, (failed(WORLD),), 1.0, Path("0001"), is_partial=True),
        passed.passed_hash or "",
        datetime.now(UTC),
    ).exercises["stage_1/greeting"]
    assert (known.passed_hash, known.attempts, known.check_count) == (passed.passed_hash, passed.attempts, 5)
    assert known.failed_check == WORLD


def failed(check: str) -> CheckResult:
    """A check that failed."""
    return CheckResult(check, "It.", Outcome.FAILED, 0.1, Finding("nobody-greeted", "one", "none"))


def test_a_hint_is_for_what_failed_last_whatever_it_ran_with(folder: Path) -> None:
    greet(folder, "hello\n")
    assert learn(folder, "check", "--only", "full stop").status == 1
    assert "It ends with a full stop" in learn(folder, "hint").out
    greet(folder, "hello.\n")
    assert learn(folder, "check", "--only", "full stop").status == 0
    assert "there is nothing to hint at" in learn(folder, "hint").error
    assert learn(folder, "check").status == 1
    greet(folder, "world\n")
    assert learn(folder, "check", "--only", "2").status == 0
    assert "what failed last passes now" in learn(folder, "hint").error


def test_only_is_about_one_exercise(folder: Path) -> None:
    for other in (["--all"], ["--stage", "1"], ["--first-failed"]):
        shown = learn(folder, "check", "--only", "2", *other)
        assert (shown.status, shown.out) == (2, "")
    shown = learn(folder, "check", "--only", "moon")
    assert shown.status == 2
    assert "2  It greets the world" in shown.error


def test_what_failed_last_comes_first_and_then_all(folder: Path) -> None:
    everything = [WRITTEN, WORLD, "test_it_is_one_line", STOP, "nothing_is_left_running"]
    assert run_by(folder, "--first-failed") == [everything], "nothing has failed yet"
    greet(folder, "hello world\n")
    assert run_by(folder) == [everything]
    first = [WRITTEN, STOP, "nothing_is_left_running"]
    assert run_by(folder, "--first-failed") == [first]
    do_the_work(folder)
    assert run_by(folder, "--first-failed") == [first, everything]
    assert of_greeting(folder).passed_at is not None


def test_a_check_that_was_renamed_since_is_no_error(folder: Path) -> None:
    greet(folder, "hello world\n")
    learn(folder, "check")
    file = folder / ".learn" / "progress.json"
    file.write_text(file.read_text(encoding="utf-8").replace(STOP, "test_of_old"), encoding="utf-8")
    assert len(run_by(folder, "--first-failed")[0]) == 5


def test_json_tells_a_run_of_some_checks(folder: Path) -> None:
    do_the_work(folder)
    verdict = json.loads(learn(folder, "check", "--json", "--only", "1").out.splitlines()[-1])
    assert (verdict["partial"], verdict["checks"]) == (True, 2)
    assert json.loads(learn(folder, "check", "--json").out.splitlines()[-1])["partial"] is False


def test_the_shell_completes_checks(folder: Path) -> None:
    words = "learn check greeting --only test_it_"
    offered = learn(folder, _LEARN_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD="4").out.split()
    assert STOP in offered
    assert WRITTEN not in offered
