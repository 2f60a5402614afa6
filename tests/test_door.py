"""The door: whatever ends a command becomes one clear sentence and the right status, and leaves nothing behind."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

import course
from course.content.places import Places
from tests.terminal import DEADLINE_S, command, environment, learn

# A check that passes with its server running, and one that then waits for longer than anybody would.
HOLDING = '''
"""Holds."""
import threading
import pytest

@pytest.fixture(scope="module")
def site(gunicorn):
    return gunicorn("wsgiref.simple_server:demo_app")

def test_quick(site):
    """It is quick."""
    site.expect_ready(deadline_s=60)

def test_holding(site):
    """It holds."""
    threading.Event().wait(600)
'''
BROKEN_CLI = """
import sys
import course.__main__ as door
sys.path.insert(0, str(door.__file__).rpartition("course")[0])
import cli

@cli.app.command()
def broken():
    raise {error}

sys.exit(door.main(["broken"]))
"""


def broken(tmp_path: Path, error: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command that raises."""
    program = [sys.executable, "-P", "-c", BROKEN_CLI.format(error=error)]
    env = {**environment(), **variables}
    return subprocess.run(program, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def holding(own_places: Places, tmp_path: Path) -> Path:
    """A workspace whose current exercise has a check that never ends."""
    (own_places.suite("stage_1/greeting") / "test_greeting.py").write_text(HOLDING, encoding="utf-8")
    assert learn(tmp_path, "next", rooms=own_places.rooms).status == 0
    return tmp_path / "wsgi-asgi"


@contextmanager
def checking(folder: Path, rooms: Path) -> Iterator[subprocess.Popen[str]]:
    """A `learn check` that holds by now."""
    with subprocess.Popen(
        command("check"),
        cwd=folder,
        env=environment(rooms),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        # Each check is told as it ends, so this line comes while the next one runs.
        for line in process.stdout:
            if "It is quick" in line:
                break
        yield process


def living(folder: Path) -> list[str]:
    """The processes that have this folder in their command line."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = " ".join(process.info["cmdline"] or [])
        if str(folder) in words:
            found.append(words)
    return found


# --- stopped by somebody ---


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_check_that_is_stopped_leaves_nothing_running(holding: Path, own_places: Places, name: str) -> None:
    with checking(holding, own_places.rooms) as process:
        process.send_signal(getattr(signal, name))
        _, error = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, error) == (130, "  learn: interrupted.\n")
    assert living(holding) == []
    assert list((holding / ".learn").glob("runs/*/*/*/ledger.jsonl")) == []
    told = learn(holding, "show", rooms=own_places.rooms).out
    assert "✓ It is quick" in told
    assert "◌ It holds" in told
    assert "Interrupted: 1 of 3" in told
    assert "interrupted at: It " in told
    assert "not checked yet" in learn(holding, rooms=own_places.rooms).out


def test_what_a_killed_check_leaves_is_swept_by_the_next_command(holding: Path, own_places: Places) -> None:
    with checking(holding, own_places.rooms) as process:
        for each in (*psutil.Process(process.pid).children(), psutil.Process(process.pid)):
            each.kill()
    assert learn(holding, "progress", rooms=own_places.rooms).status == 0
    assert living(holding) == []
    assert list((holding / ".learn").glob("runs/*/*/*/ledger.jsonl")) == []


def test_nobody_reading_on_is_no_error(tmp_path: Path) -> None:
    learn(tmp_path, "next")
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        command("progress"),
        cwd=tmp_path / "wsgi-asgi",
        env=environment(),
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


# --- refused by the machine ---


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_the_machines_lack(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command("--version"),
            cwd=tmp_path,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 3
    assert "no space left on device" in done.stderr
    assert "Free some space" in done.stderr


def test_a_refusal_of_the_system_names_the_file(tmp_path: Path) -> None:
    done = broken(tmp_path, "PermissionError(13, 'Permission denied', '/some/file')")
    assert done.returncode == 2
    assert done.stderr.startswith("  learn: /some/file: permission denied.\n")


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    program = f"import os, sys, shutil; shutil.rmtree({str(gone)!r}); os.execv(sys.executable, {command('progress')!r})"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=gone, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "the folder you are in is gone" in done.stderr


# --- typed wrongly ---


def test_an_unknown_command_offers_the_near_one(tmp_path: Path) -> None:
    shown = learn(tmp_path, "chek")
    assert shown.status == 2
    assert shown.error.startswith("  learn: no such command 'chek'.")
    assert "check" in shown.error.splitlines()[0]
    assert "`learn --help` shows what it takes." in shown.error


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["check", "--stage", "two"], "'two' is no whole number"),
        (["dev", "check", "--repeat", "0"], "0 is less than 1"),
        (["dev", "new"], "missing argument"),
        (["progress", "--jsn"], "no such option"),
        (["dev"], "missing command"),
    ],
)
def test_a_command_line_that_makes_no_sense_is_usage(tmp_path: Path, typed: list[str], told: str) -> None:
    shown = learn(tmp_path, *typed)
    assert (shown.status, shown.out) == (2, "")
    assert told in shown.error


# --- our own bugs ---


def test_a_fault_in_the_courses_files_is_our_bug(own_places: Places, tmp_path: Path) -> None:
    file = own_places.exercise_file("stage_1/greeting")
    file.write_text(file.read_text(encoding="utf-8").replace("goal", "gaol"), encoding="utf-8")
    shown = learn(tmp_path, "next", rooms=own_places.rooms)
    assert shown.status == 70
    assert "key 'goal' is missing" in shown.error.replace("\n         ", " ")
    assert "This is a bug of the course" in shown.error


def test_any_other_error_is_our_bug_with_what_to_report(tmp_path: Path) -> None:
    done = broken(tmp_path, "KeyError('x')")
    assert done.returncode == 70
    said = " ".join(done.stderr.split())
    assert said.startswith("learn: KeyError: 'x' This is a bug of the course, not of your work. Please report it")
    for part in (f"learn-asgi {course.__version__}, Python 3.", "learn broken", " in broken ", "LEARN_DEBUG=1"):
        assert part in said
    assert "Traceback" not in said


def test_the_whole_traceback_comes_when_asked_for(tmp_path: Path) -> None:
    assert "Traceback (most recent call last)" in broken(tmp_path, "KeyError('x')", LEARN_DEBUG="1").stderr


# --- what it says about the learner's files ---


def test_progress_of_a_newer_learn_is_left_alone(tmp_path: Path) -> None:
    learn(tmp_path, "next")
    file = tmp_path / "wsgi-asgi" / ".learn" / "progress.json"
    file.write_text('{"schema": 99}')
    shown = learn(tmp_path / "wsgi-asgi", "progress")
    assert shown.status == 2
    assert "was written by a newer learn" in shown.error.replace("\n         ", " ")
    assert file.read_text() == '{"schema": 99}'


def test_progress_that_cannot_be_read_is_kept_and_said(tmp_path: Path) -> None:
    learn(tmp_path, "next")
    folder = tmp_path / "wsgi-asgi"
    (folder / ".learn" / "progress.json").write_text("{half")
    shown = learn(folder, "progress", "--json")
    assert shown.status == 0
    assert "It is kept as" in shown.error.replace("\n    ", " ")
    assert [path.read_text() for path in (folder / ".learn").glob("progress.json.unreadable-*")] == ["{half"]


def test_a_roadmap_that_was_deleted_is_made_anew_by_the_next_check(tmp_path: Path) -> None:
    learn(tmp_path, "next")
    folder = tmp_path / "wsgi-asgi"
    (folder / "ROADMAP.md").unlink()
    shutil.copy(Places().rooms / "tests/toy_course/solutions/stage_1/greeting/right/reference/greeting.txt",
                folder / "stage_1/greeting/greeting.txt")  # fmt: skip
    assert learn(folder, "check").status == 0
    assert "- [x] A Greeting" in (folder / "ROADMAP.md").read_text()


# --- a shell that is not as usual ---


def in_a_shell(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """A command line with `learn` in it, as a shell runs it: it can close what a program has open."""
    script = f'learn() {{ {shlex.join(command())} "$@"; }}; {line}'
    env = environment()
    return subprocess.run(["/bin/sh", "-c", script], cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_a_closed_standard_output_is_told_on_standard_error(tmp_path: Path) -> None:
    done = in_a_shell(tmp_path, "learn progress >&-")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("  learn: standard output is closed")
    assert in_a_shell(tmp_path, "learn progress >&- 2>&-").returncode == 2


def test_with_standard_error_closed_errors_are_told_on_standard_output(tmp_path: Path) -> None:
    learn(tmp_path, "init")
    assert in_a_shell(tmp_path, "learn progress 2>&-").returncode == 0
    done = in_a_shell(tmp_path, "learn check nosuch 2>&-")
    assert done.returncode == 2
    assert "there is no exercise 'nosuch'" in done.stdout


def test_a_check_runs_whatever_is_closed_beside_standard_output(tmp_path: Path) -> None:
    learn(tmp_path, "init")
    learn(tmp_path, "next")
    usual = learn(tmp_path, "check")
    assert "Not yet" in usual.out
    done = in_a_shell(tmp_path, "learn check <&- 2>&-")
    assert (done.returncode, "Not yet" in done.stdout) == (usual.status, True)


def test_a_temporary_folder_with_a_path_too_long_for_sockets_is_not_used(tmp_path: Path) -> None:
    learn(tmp_path, "init")
    learn(tmp_path, "next")
    (long := tmp_path / ("x" * 120)).mkdir()
    shown = learn(tmp_path, "check", TMPDIR=str(long))
    assert "Not yet" in shown.out
    assert "TMPDIR is too long a path for the sockets of the checks: they use /tmp" in shown.error
    assert "TMPDIR is too long" in learn(tmp_path, "doctor", TMPDIR=str(long)).out
