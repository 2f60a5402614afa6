"""Child processes: started clean, told apart when they die early, and ended to the last of their family."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from checker.harness.events import EventKind
from checker.harness.processes import (
    Process,
    clean_environment,
    orphans,
)
from checker.harness.run import Run
from course.errors import MachineLacks
from course.shared.leftovers import describe
from tests.running import SLEEPER, adopting, is_alive, running, start

DEADLINE_S = 20

# A parent with a child that tells its pid when it has done what it does to get away ({how}).
FAMILY = """
import os, signal
{parent}
if os.fork():
    signal.pause()
{how}
print(os.getpid(), "is ready", flush=True)
signal.pause()
"""
# A parent with a grandchild in a session of its own, whose own parent is gone: a daemon.
DETACHED = """
import os, signal
if os.fork():
    os.wait()
    signal.pause()
os.setsid()
if os.fork():
    os._exit(0)
print(os.getpid(), "has left", flush=True)
signal.pause()
"""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    before = set(psutil.Process().children(recursive=True))
    with running(tmp_path) as run:
        yield run
    assert set(psutil.Process().children(recursive=True)) <= before  # an earlier test's dead may be buried meanwhile


@pytest.fixture
def as_grading_child() -> Iterator[None]:
    with adopting():
        yield


def python(run: Run, program: str) -> Process:
    return start(run, sys.executable, "-c", program)


def family(run: Run, *, parent: str = "", how: str = "") -> tuple[Process, int]:
    """A parent and its child, both asleep."""
    process = python(run, FAMILY.format(parent=parent, how=how))
    return process, told_pid(process)


def told_pid(process: Process) -> int:
    """The pid that the program printed first on its line."""
    assert process.log.wait_for("\n", DEADLINE_S), process.log.text
    return int(process.log.text.split()[0])


def test_a_program_that_ends_tells_its_exit_code_and_last_words(run: Run) -> None:
    process = python(run, "print('cannot go on'); raise SystemExit(3)")
    assert process.wait(DEADLINE_S) == 3
    assert process.stop() == []
    assert process.log.last_lines() == ["cannot go on"]
    assert (run.folder / "program.log").read_text() == "cannot go on\n"


def test_a_log_has_a_name_that_a_shell_takes_as_it_is(run: Run) -> None:
    run_out = [sys.executable, "-c", "print('done')"]
    process = Process(run, "program", run_out, environment={}, folder=run.project, log_name="what it says")
    assert process.wait(DEADLINE_S) == 0
    process.stop()
    assert (run.folder / "what-it-says.log").read_text() == "done\n"


def test_a_missing_program_is_a_lack_of_the_machine(run: Run) -> None:
    with pytest.raises(MachineLacks, match="program cannot be started: no-such-program: No such file"):
        start(run, "no-such-program")


def test_a_program_that_may_not_be_run_is_a_lack_of_the_machine(run: Run) -> None:
    (run.project / "plain.txt").write_text("no program")
    with pytest.raises(MachineLacks, match="Permission denied"):
        start(run, str(run.project / "plain.txt"))


def test_waiting_for_one_that_runs_on_ends_at_the_deadline(run: Run) -> None:
    process = python(run, SLEEPER)
    assert process.wait(0.05) is None
    process.stop()


def test_the_end_is_noticed_where_the_system_has_no_descriptors_of_processes(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    process = python(run, "raise SystemExit(3)")
    assert process.wait(DEADLINE_S) == 3
    process.stop()


def test_birth_and_death_go_to_the_history(run: Run) -> None:
    process = python(run, SLEEPER)
    process.stop()
    process.stop()
    births = run.history.events(EventKind.PROCESS_STARTED)
    deaths = run.history.events(EventKind.PROCESS_ENDED)
    assert [event["pid"] for event in births] == [process.pid]
    assert [(event["pid"], event["returncode"]) for event in deaths] == [(process.pid, -signal.SIGTERM)]


def test_one_that_ignores_term_is_killed_with_its_children(run: Run) -> None:
    process, child = family(run, parent="signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    assert process.stop(grace_s=0.2) == []
    assert process.returncode == -signal.SIGKILL
    assert not is_alive(child)


def test_a_child_that_outlives_its_master_is_killed_and_told(run: Run) -> None:
    process, child = family(run, how="signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    left = process.stop()
    assert len(left) == 1
    assert "signal.pause()" in left[0]
    assert not is_alive(child)


def told_left(run: Run) -> list[tuple[str, str]]:
    return [(event["server"], event["command"]) for event in run.history.events(EventKind.PROCESS_LEFT)]


def test_what_it_leaves_goes_to_the_history_whoever_stops_it(run: Run) -> None:
    """The finding must not hang on the first caller: a check may stop its server itself."""
    process, _ = family(run, how="signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    (left,) = process.stop()
    process.stop()
    assert told_left(run) == [("program", left)]


def test_one_that_is_stopped_midway_is_not_told_for_what_it_leaves(run: Run) -> None:
    process, child = family(run, how="signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    assert len(process.stop(midway=True)) == 1
    assert told_left(run) == []
    assert not is_alive(child)


def test_a_child_in_a_session_of_its_own_is_killed_and_told(run: Run) -> None:
    process, child = family(run, how="os.setsid()")
    assert len(process.stop()) == 1
    assert not is_alive(child)


@pytest.mark.usefixtures("as_grading_child")
def test_children_of_a_master_that_died_before_are_killed_and_told(run: Run) -> None:
    process, child = family(run)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(DEADLINE_S)
    assert len(process.stop()) == 1
    assert not is_alive(child)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans to the nearest subreaper")
@pytest.mark.usefixtures("as_grading_child")
def test_one_that_left_by_a_double_fork_is_found_as_an_orphan(run: Run) -> None:
    process = python(run, DETACHED)
    escaped = told_pid(process)
    assert os.getsid(escaped) != process.pid
    process.stop()
    (orphan,) = orphans()
    assert orphan.pid == escaped
    assert "os.setsid()" in describe(orphan)
    orphan.kill()
    orphan.wait(DEADLINE_S)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans to the nearest subreaper")
@pytest.mark.usefixtures("as_grading_child")
def test_orphans_that_are_already_dead_are_buried_and_not_told(run: Run) -> None:
    process = python(run, DETACHED)
    escaped = told_pid(process)
    os.kill(escaped, signal.SIGKILL)
    process.stop()
    assert orphans() == []
    assert not psutil.pid_exists(escaped)


def test_stop_does_not_wait_for_the_end_of_a_pipe_that_an_escaped_child_holds(run: Run) -> None:
    process = python(run, DETACHED)
    escaped = psutil.Process(told_pid(process))
    process.stop()
    assert process.log.wait_end(0.05) is False
    assert (run.folder / "program.log").is_file()
    escaped.kill()
    escaped.wait(DEADLINE_S)
    assert process.log.wait_end(DEADLINE_S)


def test_stop_reaches_one_that_is_stopped(run: Run) -> None:
    process = python(run, SLEEPER)
    assert process.log.wait_for("asleep", DEADLINE_S)
    os.kill(process.pid, signal.SIGSTOP)
    process.stop(grace_s=0.2)
    assert process.returncode is not None


def test_the_environment_is_the_runs_own(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WEB_CONCURRENCY", "DJANGO_SETTINGS_MODULE", "PYTHONPATH", "PYTHONSTARTUP", "HTTP_PROXY"):
        monkeypatch.setenv(name, "from the shell")
    environment = clean_environment(run.temporary, {"ADDED": "by the plan"})
    assert "from the shell" not in environment.values()
    assert (environment["HOME"], environment["ADDED"]) == (str(run.temporary), "by the plan")
    assert environment["PATH"] == os.environ["PATH"]


def test_only_the_descriptors_that_are_passed_get_through(run: Run) -> None:
    with socket.socket() as held:
        os.set_inheritable(held.fileno(), True)  # as careless code would
        process = python(run, f"import os\ntry: os.fstat({held.fileno()})\nexcept OSError: print('closed')")
        assert process.wait(DEADLINE_S) == 0
        process.stop()
    assert process.log.last_lines() == ["closed"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may start programs as another user")
def test_root_starts_a_program_as_another_user(run: Run) -> None:
    process = Process(
        run,
        "whoami",
        ["id", "-u", "-n"],
        environment=clean_environment(run.temporary, {}),
        folder=Path("/"),
        user="nobody",
    )
    assert process.wait(DEADLINE_S) == 0
    process.stop()
    assert process.log.last_lines() == ["nobody"]
