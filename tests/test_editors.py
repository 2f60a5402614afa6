"""`learn open`: what it opens, and how each editor is called. Stand-ins record how: no real editor is started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from course.errors import MachineLacks, UsageError
from course.grading import verdicts
from course.learner import editors
from course.model import CheckResult, Finding, Outcome, SourceLine, Verdict
from tests.terminal import command, do_the_work, environment, learn, on_a_terminal

FILE = Path("/srv/my work/views.py")
# Records how it was called, and whether it has a terminal; then ends as it is told.
STAND_IN = f"""#!{sys.executable}
import json, os, pathlib, sys, time
here = pathlib.Path(__file__).resolve().parent
call = {{"argv": sys.argv[1:], "cwd": os.getcwd(), "terminal": os.isatty(0) and os.isatty(1), "session": os.getsid(0)}}
(here / "making.json").write_text(json.dumps(call))
(here / "making.json").rename(here / "call.json")
time.sleep(float(os.environ.get("STAND_IN_SLEEPS_S", "0")))
(here / "ended").touch()
sys.exit(int(os.environ.get("STAND_IN_STATUS", "0")))
"""


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with a blank in its path, to put stand-ins into."""
    place = tmp_path / "my programs"
    place.mkdir()
    return place


def stand_in(programs: Path, name: str) -> str:
    """An editor of this name; returns its path."""
    file = programs / name
    file.write_text(STAND_IN)
    file.chmod(0o755)
    return str(file)


def call(programs: Path) -> dict[str, object]:
    """How the stand-in was called."""
    found: dict[str, object] = json.loads((programs / "call.json").read_text())
    return found


def fail_at(folder: Path, file: str, line: int, number: int = 1) -> None:
    """Leave a run of the greeting that has failed there."""
    run = folder / ".learn" / "runs" / "stage_1" / "greeting" / f"{number:04}"
    run.mkdir(parents=True)
    finding = Finding("no-greeting", "a greeting", "none", SourceLine(file, line))
    results = (
        CheckResult("test_a", "It is there", Outcome.PASSED),
        CheckResult("test_b", "It greets", Outcome.FAILED, finding=finding),
    )
    verdicts.save(
        Verdict("stage_1/greeting", Outcome.FAILED, results, 1.0, run),
    )


# --- how each editor is told a line ---


@pytest.mark.parametrize(
    ("name", "words"),
    [
        *((name, ["+14", str(FILE)]) for name in ("vi", "vim", "nvim", "nano", "emacs", "emacsclient", "kak", "gvim")),
        *((name, ["--goto", f"{FILE}:14"]) for name in ("code", "code-insiders", "codium", "cursor")),
        *((name, ["--line", "14", str(FILE)]) for name in ("pycharm", "charm", "pycharm.sh", "kate")),
        *((name, [f"{FILE}:14"]) for name in ("subl", "zed", "hx")),
        ("micro", ["+14:1", str(FILE)]),
        ("vim.basic", ["+14", str(FILE)]),
        ("my-own", [str(FILE)]),
    ],
)
def test_each_editor_is_told_the_line_in_its_own_way(programs: Path, name: str, words: list[str]) -> None:
    path = stand_in(programs, name)
    found = editors.found({"EDITOR": f"'{path}' --mine 'a b'"})
    assert list(found.opening([FILE], 14)) == [path, "--mine", "a b", *words]
    assert list(found.opening([FILE, FILE.parent])) == [path, "--mine", "a b", str(FILE), str(FILE.parent)]


def test_an_editor_behind_links_is_known_by_what_it_is(programs: Path) -> None:
    (programs / "editor").symlink_to(stand_in(programs, "vim.basic"))
    assert editors.found({"EDITOR": f"'{programs}/editor'"}).opening([FILE], 14)[1] == "+14"


def test_a_path_with_braces_is_no_pattern(programs: Path) -> None:
    odd = Path("/tmp/{line} {x}/{file}.py")  # noqa: S108  # never opened
    assert editors.found({"EDITOR": f"'{stand_in(programs, 'code')}'"}).opening([odd], 3)[-1] == f"{odd}:3"


def test_visual_goes_before_editor_and_both_before_what_is_on_the_path(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(programs))
    for name in ("vim", "nano", "code", "charm"):
        stand_in(programs, name)
    assert editors.found({"VISUAL": "nano", "EDITOR": "vim"}).name == "nano"
    assert editors.found({"VISUAL": " ", "EDITOR": "vim", "TERM_PROGRAM": "vscode"}).name == "vim"
    assert editors.found({}).name == "code"
    assert editors.found({"TERMINAL_EMULATOR": "JetBrains-JediTerm"}).name == "charm"
    assert editors.found({"TERMINAL_EMULATOR": "JetBrains-JediTerm", "TERM_PROGRAM": "vscode"}).name == "code"
    (programs / "code").unlink()
    assert editors.found({"TERM_PROGRAM": "vscode"}).name == "charm"


def test_without_any_editor_it_says_what_to_set(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(programs))
    with pytest.raises(MachineLacks, match="no editor is named") as told:
        editors.found({})
    assert "export EDITOR=" in told.value.remedy


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        ("nopus -x", MachineLacks, r"\$EDITOR names 'nopus', and no such program is on your path"),
        ("vim 'x", UsageError, r"\$EDITOR is no command line"),
        ("''", MachineLacks, r"\$EDITOR names ''"),
    ],
)
def test_a_variable_that_names_no_program_is_told_by_its_name(text: str, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        editors.found({"EDITOR": text})


# --- what is opened ---


def test_the_line_of_the_last_finding_is_opened_in_the_terminal(folder: Path, programs: Path) -> None:
    fail_at(folder, "notes/rules.txt", 9, number=1)
    fail_at(folder, "greeting.txt", 2, number=2)
    editor = stand_in(programs, "vim")
    inside = folder / "stage_1" / "greeting"
    shown = on_a_terminal(inside, "open", EDITOR=f"'{editor}' -n", NO_COLOR="1")
    assert shown.status == 0
    assert shown.out.split() == ["Open", "greeting.txt:2", "the", "last", "finding,", "in", "vim"]
    called = call(programs)
    assert called["argv"] == ["-n", "+2", str(inside / "greeting.txt")]
    assert (called["cwd"], called["terminal"]) == (str(inside), True)


def test_without_a_finding_the_first_file_to_edit_is_opened(folder: Path, programs: Path) -> None:
    shown = learn(folder, "open", "greeting", VISUAL=f"'{stand_in(programs, 'mine')}'")
    assert (shown.status, shown.error) == (0, "")
    assert "the first file to edit, in mine" in shown.out
    assert call(programs)["argv"] == [str(folder / "stage_1" / "greeting" / "greeting.txt")]


def test_a_finding_in_a_file_that_is_gone_leads_to_one_that_is_there(folder: Path) -> None:
    fail_at(folder, "other.txt", 3)
    shown = learn(folder, "open", EDITOR="true")
    assert shown.status == 0
    assert "other.txt, where the last finding points, is there no more." in shown.out
    assert "greeting.txt" in shown.out
    (folder / "stage_1" / "greeting" / "greeting.txt").unlink()
    gone = learn(folder, "open", EDITOR="true")
    assert (gone.status, gone.out) == (2, "")
    assert "`learn reset greeting` brings back the files as issued" in " ".join(gone.error.split())


def test_json_tells_what_would_be_opened_and_opens_nothing(folder: Path, programs: Path) -> None:
    fail_at(folder, "greeting.txt", 2)
    editor, file = stand_in(programs, "code"), str(folder / "stage_1" / "greeting" / "greeting.txt")
    shown = learn(folder, "open", "--json", EDITOR=f"'{editor}'")
    assert json.loads(shown.out) == {
        "version": 1,
        "exercise": "stage_1/greeting",
        "why": "finding",
        "files": [file],
        "line": 2,
        "editor": "code",
        "command": [editor, "--goto", f"{file}:2"],
        "waits": False,
    }
    assert not (programs / "call.json").exists()


def test_the_lesson_is_the_learners_own_copy(folder: Path, programs: Path) -> None:
    editor = stand_in(programs, "mine")
    assert learn(folder, "open", "--lesson", EDITOR=f"'{editor}'").status == 0
    lesson = folder / "stage_1" / "greeting" / "README.md"
    assert call(programs)["argv"] == [str(lesson)]
    lesson.unlink()
    gone = learn(folder, "open", "--lesson", EDITOR=f"'{editor}'")
    assert gone.status == 2
    assert "`learn lesson greeting` shows the lesson" in gone.error


def test_the_reference_is_opened_when_the_solution_may_be_seen(folder: Path, programs: Path) -> None:
    editor = stand_in(programs, "mine")
    first = learn(folder, "open", "--reference", EDITOR=f"'{editor}'")
    assert first.status == 1
    assert "has not passed yet" in first.out
    assert not (programs / "call.json").exists()
    do_the_work(folder)
    assert learn(folder, "check").status == 0
    for _ in range(2):
        assert learn(folder, "open", "--reference", EDITOR=f"'{editor}'").status == 0
        (copy,) = (Path(str(word)) for word in call(programs)["argv"])  # type: ignore[attr-defined]
        assert copy.is_relative_to(folder / ".learn")
        assert copy.read_text() == (folder / "stage_1" / "greeting" / "greeting.txt").read_text()
        copy.write_text("scribbled\n")  # a copy, made anew the next time


def test_lesson_and_reference_exclude_each_other(folder: Path) -> None:
    assert "exclude each other" in learn(folder, "open", "--lesson", "--reference", EDITOR="true").error


def test_an_exercise_that_is_not_begun_says_how_to_begin_it(folder: Path) -> None:
    for words in (["hello"], ["hello", "--lesson"], ["hello", "--reference"]):
        shown = learn(folder, "open", *words, EDITOR="true")
        assert shown.status == 2
        assert "`learn next hello` makes it" in shown.error


# --- how it is started ---


def test_an_editor_in_a_window_is_started_and_left_alone(folder: Path, programs: Path) -> None:
    fail_at(folder, "greeting.txt", 2)
    began = time.monotonic()
    shown = on_a_terminal(folder, "open", EDITOR=f"'{stand_in(programs, 'pycharm')}'", STAND_IN_SLEEPS_S="60")
    assert shown.status == 0
    assert time.monotonic() - began < 45
    called = call(programs)
    assert called["argv"] == ["--line", "2", str(folder / "stage_1" / "greeting" / "greeting.txt")]
    assert called["terminal"] is False
    # It has outlived us, in a session of its own.
    left = psutil.Process(int(str(called["session"])))
    assert left.is_running()
    left.kill()


@pytest.mark.parametrize("name", ["subl", "mine"])
def test_an_editor_that_fails_is_told(folder: Path, programs: Path, name: str) -> None:
    shown = learn(folder, "open", EDITOR=f"'{stand_in(programs, name)}'", STAND_IN_STATUS="7")
    assert shown.status == 3
    assert f"{name} ended with status 7." in shown.error


def test_a_program_that_cannot_be_run_is_told(folder: Path, programs: Path) -> None:
    broken = programs / "mine"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    shown = learn(folder, "open", EDITOR=f"'{broken}'")
    assert shown.status == 3
    assert "cannot be started: no such file or directory" in " ".join(shown.error.split())


def test_an_editor_of_the_terminal_is_not_started_without_one(folder: Path, programs: Path) -> None:
    shown = learn(folder, "open", EDITOR=f"'{stand_in(programs, 'nano')}'")
    assert (shown.status, shown.out) == (2, "")
    assert "nano needs a terminal" in shown.error
    assert not (programs / "call.json").exists()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 0), (signal.SIGHUP, 130), (signal.SIGTERM, 130)])
def test_what_ends_us_does_not_end_the_editor(folder: Path, programs: Path, number: int, status: int) -> None:
    env = environment(EDITOR=f"'{stand_in(programs, 'mine')}'", STAND_IN_SLEEPS_S="1")
    with subprocess.Popen(
        command("open"), cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while not (programs / "call.json").exists():
            assert process.poll() is None
            time.sleep(0.05)
        os.kill(process.pid, number)
        # Ctrl-C in the editor is the editor's.
        assert process.wait(timeout=60) == status
    deadline = time.monotonic() + 60
    while not (programs / "ended").exists():
        assert time.monotonic() < deadline, "it was killed, and perhaps the learner's work with it"
        time.sleep(0.05)


def test_outside_a_workspace_it_says_where_to_make_one(tmp_path: Path) -> None:
    for words in (["open"], ["editor", "vscode"]):
        shown = learn(tmp_path, *words, EDITOR="true")
        assert (shown.status, shown.out) == (2, "")
        assert "this folder is no workspace" in shown.error
