"""The commands as a learner types them, one after the other, on the toy course: screens, statuses, files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import course
from course.learner import locking
from course.learner.workspace import Workspace
from course.model import CheckFinished, SuiteFinished, SuiteStarted
from course.shared import wire
from tests.terminal import REFERENCE, do_the_work, learn
from tests.transcripts import hold, normalised

# --- beginning ---


def test_learn_alone_greets_where_there_is_no_workspace(tmp_path: Path) -> None:
    shown = learn(tmp_path)
    assert shown.status == 0
    hold("welcome", shown.out)


@pytest.mark.parametrize("command", ["progress", "check", "hint", "solution", "reset", "show", "lesson"])
def test_a_command_outside_a_workspace_says_where_to_make_one(tmp_path: Path, command: str) -> None:
    shown = learn(tmp_path, command)
    assert (shown.status, shown.out) == (2, "")
    hold("no_workspace", shown.error)


def test_the_first_next_makes_the_workspace_too(tmp_path: Path) -> None:
    shown = learn(tmp_path, "next")
    assert shown.status == 0
    screen, _, python = shown.out.rpartition("\n  Python ")
    hold("next_first", screen)
    assert python.startswith(sys.executable)
    assert (tmp_path / "wsgi-asgi" / "ROADMAP.md").is_file()


def test_a_second_next_beside_the_workspace_finds_it_again(tmp_path: Path) -> None:
    learn(tmp_path, "next")
    shown = learn(tmp_path, "next")
    assert shown.status == 0
    assert "Here   wsgi-asgi/stage_1/greeting/" in shown.out


def test_beside_the_workspace_the_other_commands_say_where_it_is(folder: Path) -> None:
    shown = learn(folder.parent, "progress")
    assert shown.status == 2
    assert "yours is in wsgi-asgi/" in shown.error


def test_init_makes_a_workspace_where_it_is_told(tmp_path: Path) -> None:
    shown = learn(tmp_path, "init", "my work")
    assert shown.status == 0
    hold("init", shown.out)
    assert (tmp_path / "my work" / ".learn" / "progress.json").is_file()


def test_init_in_a_workspace_changes_nothing(folder: Path) -> None:
    shown = learn(folder, "init")
    assert shown.status == 2
    assert "is a workspace already" in shown.error


def test_next_takes_a_name_and_makes_it_the_current_one(folder: Path) -> None:
    assert learn(folder, "next", "hello").status == 0
    assert "Hello over HTTP" in learn(folder).out


def test_next_leads_from_one_exercise_into_the_other(folder: Path) -> None:
    shown = learn(folder / "stage_1" / "greeting", "next", "hello")
    assert "cd ../../stage_2/hello" in shown.out
    again = learn(folder / "stage_2" / "hello", "next", "hello")
    assert "cd " not in again.out


def test_next_stage_begins_all_that_exists_of_it(folder: Path) -> None:
    shown = learn(folder, "next", "hello", "--stage")
    assert shown.status == 0
    assert (folder / "stage_2" / "hello" / "app.py").is_file()
    assert not (folder / "stage_2" / "farewell").exists()


def test_next_with_an_unknown_name_offers_near_ones_and_makes_nothing(tmp_path: Path) -> None:
    shown = learn(tmp_path, "next", "greting")
    assert shown.status == 2
    assert "greeting" in shown.error
    assert list(tmp_path.iterdir()) == []


def test_next_never_overwrites_a_folder_that_is_not_ours(folder: Path) -> None:
    mine = folder / "stage_2" / "hello" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    shown = learn(folder, "next", "hello")
    assert shown.status == 2
    assert mine.read_text() == "mine"


def test_next_says_so_when_all_that_exists_has_passed(folder: Path) -> None:
    progress = {"passed_at": "2026-01-01T00:00:00+00:00", "passed_hash": "x"}
    body = {"schema": 1, "current": None, "exercises": {"stage_1/greeting": progress, "stage_2/hello": progress}}
    (folder / ".learn" / "progress.json").write_text(json.dumps(body))
    shown = learn(folder, "next")
    assert shown.status == 0
    assert "1 of the roadmap are still to come" in shown.out


# --- grading ---


def test_a_check_that_fails_shows_what_was_wanted_and_seen(folder: Path) -> None:
    shown = learn(folder, "check")
    assert shown.status == 1
    hold("check_failed", normalised(shown.out))
    assert "- [ ] A Greeting" in (folder / "ROADMAP.md").read_text()


def test_a_check_that_passes_ticks_the_box(folder: Path) -> None:
    do_the_work(folder)
    shown = learn(folder, "check")
    assert shown.status == 0
    hold("check_passed", normalised(shown.out))
    assert "- [x] A Greeting" in (folder / "ROADMAP.md").read_text()


def test_an_edit_after_passing_makes_the_tick_stale(folder: Path) -> None:
    do_the_work(folder)
    learn(folder, "check")
    (folder / "stage_1" / "greeting" / "greeting.txt").write_text("Hello, world!\n")
    assert "~ A Greeting" in learn(folder, "progress").out


def test_check_without_a_name_takes_the_exercise_one_stands_in(folder: Path) -> None:
    learn(folder, "next", "hello")
    shown = learn(folder / "stage_1" / "greeting" / "notes", "check")
    assert "A Greeting" in shown.out


def test_check_of_an_exercise_that_is_not_begun_says_how_to_begin_it(folder: Path) -> None:
    shown = learn(folder, "check", "hello")
    assert shown.status == 2
    assert "`learn next hello` makes it" in shown.error


def test_check_all_grades_what_is_in_the_folder_and_the_worst_counts(folder: Path) -> None:
    learn(folder, "next", "hello")
    do_the_work(folder)
    shown = learn(folder, "check", "--all")
    assert shown.status == 1
    assert shown.out.index("A Greeting") < shown.out.index("Hello over HTTP")
    total = normalised(shown.out).splitlines()[-3:]
    assert total[0] == "  Not yet: 1 of 2 exercises, in 0.0 s"
    assert total[1].split() == ["✗", "stage_2/hello", "2", "of", "5", "checks"]
    assert total[2].split(maxsplit=1) == ["Type", "learn check hello"]


def test_check_stage_grades_that_stage_only(folder: Path) -> None:
    do_the_work(folder)
    assert learn(folder, "check", "--stage", "1").status == 0
    assert "none of these exercises is in your folder yet" in learn(folder, "check", "--stage", "2").error
    assert "there is no stage 7" in learn(folder, "check", "--stage", "7").error


def test_check_json_prints_events_and_a_verdict_one_a_line(folder: Path) -> None:
    shown = learn(folder, "check", "--json")
    first, *events, last = shown.out.splitlines()
    assert json.loads(first) == {"v": 2, "event": "exercise", "exercise": "stage_1/greeting"}
    told = [wire.from_line(line) for line in events]
    assert isinstance(told[0], SuiteStarted)
    assert isinstance(told[-1], SuiteFinished)
    verdict = json.loads(last)
    assert (verdict["event"], verdict["outcome"], shown.status) == ("verdict", "failed", 1)
    assert verdict["checks"] == sum(isinstance(event, CheckFinished) for event in told)


def test_check_junit_writes_a_report_too(folder: Path) -> None:
    shown = learn(folder, "check", "--junit", "report.xml")
    assert shown.status == 1
    suites = ET.parse(folder / "report.xml").getroot()  # noqa: S314  # our own output
    assert suites.find("testsuite/testcase/failure") is not None


def test_a_report_without_a_place_is_refused_before_anything_runs(folder: Path) -> None:
    shown = learn(folder, "check", "--junit", "no/such/report.xml")
    assert (shown.status, shown.out) == (2, "")
    assert "is no place for a report" in shown.error


def test_a_line_taken_out_of_the_roadmap_stays_out(folder: Path) -> None:
    (folder / "ROADMAP.md").write_text("my own notes\n")
    do_the_work(folder)
    shown = learn(folder, "check")
    assert shown.status == 0
    assert "ROADMAP.md" not in shown.out
    assert (folder / "ROADMAP.md").read_text() == "my own notes\n"


def test_a_second_check_at_once_names_the_first(folder: Path) -> None:
    with locking.lock(Workspace(folder)):
        shown = learn(folder, "check")
    assert (shown.status, shown.out) == (2, "")
    assert "another `learn` (process " in shown.error


# --- looking, asking, going back ---


def test_progress_shows_the_whole_roadmap(folder: Path) -> None:
    hold("toy_progress", learn(folder, "progress").out)


def test_progress_json_is_one_object_with_a_version(folder: Path) -> None:
    body = json.loads(learn(folder, "progress", "--json").out)
    assert (body["version"], body["current"]) == (1, "stage_1/greeting")


def test_hints_come_one_by_one_and_then_the_way_to_the_solution(folder: Path) -> None:
    assert learn(folder, "hint").status == 2
    learn(folder, "check")
    hold("hints", "\n".join(learn(folder, "hint").out for _ in range(4)))


def test_the_solution_is_shown_at_the_second_asking(folder: Path) -> None:
    first, second = learn(folder, "solution"), learn(folder, "solution")
    assert (first.status, second.status) == (1, 0)
    hold("solution_asked", first.out)
    hold("solution_shown", second.out)


def test_after_passing_the_solution_is_shown_at_once(folder: Path) -> None:
    do_the_work(folder)
    learn(folder, "check")
    shown = learn(folder, "solution")
    assert shown.status == 0
    assert "as yours" in shown.out


def test_show_draws_the_last_run_again(folder: Path) -> None:
    assert "no run of greeting" in learn(folder, "show").error
    learn(folder, "check")
    shown = learn(folder, "show")
    assert shown.status == 0
    hold("show", normalised(shown.out))
    assert learn(folder, "show", "1").out == shown.out
    assert "It has these: 0001" in learn(folder, "show", "9").error


def test_show_tells_how_to_repeat_the_requests_by_hand(folder: Path) -> None:
    learn(folder, "next", "hello")
    learn(folder, "check")
    shown = learn(folder, "show")
    assert "curl -i 'http://127.0.0.1:8000/hello/'" in shown.out
    assert "gunicorn.log" in shown.out
    assert shown.out.count("in the app") == 1  # of the check that failed
    assert "learn show -v    a picture of 1 more check" in shown.out
    assert learn(folder, "show", "-v").out.count("in the app") == 2


def test_show_gives_a_dozen_lines_by_hand_and_counts_the_rest(folder: Path) -> None:
    learn(folder, "next", "hello")
    learn(folder, "check", "hello")
    (history,) = (folder / ".learn" / "runs").rglob("history.jsonl")
    sent = [{"kind": "request.sent", "method": "GET", "path": f"/{number}/"} for number in range(40)]
    history.write_text("".join(json.dumps(event) + "\n" for event in sent))
    shown = learn(folder, "show", "--exercise", "hello")
    assert shown.out.count("curl -i") == 12
    assert "and 28 more, in .learn/runs/stage_2/hello/0001/history.jsonl" in shown.out


def test_the_lesson_of_a_named_exercise_needs_no_workspace(tmp_path: Path) -> None:
    shown = learn(tmp_path, "lesson", "greeting")
    assert shown.status == 0
    hold("lesson", shown.out)


def test_reset_asks_first_and_keeps_a_backup(folder: Path) -> None:
    do_the_work(folder)
    refused = learn(folder, "reset")
    assert refused.status == 2
    assert "`--yes`" in refused.error
    assert learn(folder, "reset", "--yes").status == 0
    (backup,) = (folder / ".learn" / "backups" / "stage_1").iterdir()
    assert (backup / "greeting.txt").read_text() == REFERENCE.read_text()
    assert (folder / "stage_1" / "greeting" / "greeting.txt").read_text() != REFERENCE.read_text()


# --- the rest ---


def test_version_is_printed() -> None:
    assert learn(Path.cwd(), "--version").out == f"learn-asgi {course.__version__}\n"


def test_help_lists_every_command(tmp_path: Path) -> None:
    text = learn(tmp_path, "--help").out
    for name in "init next lesson check watch progress hint solution reset show open editor tour doctor dev".split():  # noqa: SIM905
        assert f"  {name} " in text


@pytest.mark.parametrize(("alias", "name"), [("list", "progress"), ("status", "progress"), ("test", "check")])
def test_a_command_has_other_names(folder: Path, alias: str, name: str) -> None:
    first, second = learn(folder, alias, "--json"), learn(folder, name, "--json")
    assert first.status == second.status
    assert first.out.splitlines()[0] == second.out.splitlines()[0]
    assert f"`{alias}`" in learn(folder, "--help").out


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("chek", "`check`"), ("statsu", "`status`"), ("rest", ""), ("resett", ""), ("rset", ""), ("frobnicate", "")],
)
def test_a_typo_runs_nothing_and_never_leads_to_a_reset(folder: Path, typed: str, offered: str) -> None:
    do_the_work(folder)
    shown = learn(folder, typed, "--yes")
    assert (shown.status, shown.out) == (2, "")
    assert f"no such command '{typed}'.{offered and f' Did you mean {offered}?'}\n" in shown.error
    assert not (folder / ".learn" / "backups").exists()


def test_doctor_tells_of_programs_and_of_variables_that_are_left_out(tmp_path: Path) -> None:
    shown = learn(tmp_path, "doctor", WEB_CONCURRENCY="4")
    assert shown.status in (0, 3)  # this machine may lack something
    for word in ("Python", "gunicorn", "nginx", "open files", "WEB_CONCURRENCY", "the checks run without it"):
        assert word in shown.out


@pytest.mark.parametrize(
    ("typed", "offered"), [("gr", "greeting"), ("stage_1/", "stage_1/greeting"), ("", "greeting hello"), ("zz", "")]
)
def test_the_shell_completes_exercise_names_outside_a_workspace(tmp_path: Path, typed: str, offered: str) -> None:
    words = f"learn check {typed}"
    shown = learn(tmp_path, _LEARN_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD="2")
    assert shown.out.split() == offered.split()


def test_completion_is_quiet_when_the_course_cannot_be_read(tmp_path: Path) -> None:
    shown = learn(tmp_path, rooms=tmp_path, _LEARN_COMPLETE="complete_bash", COMP_WORDS="learn next ", COMP_CWORD="2")
    assert (shown.out.strip(), shown.error) == ("", "")
