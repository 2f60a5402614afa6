"""What a killed run leaves behind is found by its ledger, and nothing else is touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from checker.harness.processes import clean_environment
from course.content.places import ROOMS
from course.shared.ledger import Ledger
from tests.running import SLEEPER, is_alive

# A grading child in small: it starts a server with a child and one that leaves by a double fork, tells all, and sleeps.
RUN = """
import json, os, signal, sys, tempfile
from pathlib import Path
from checker.harness.history import History
from checker.harness.processes import Process, clean_environment
from checker.harness.run import Run
from course.shared.ledger import Ledger

folder = Path(sys.argv[1])
ledger = Ledger(folder / "ledger.jsonl")
temporary = Path(tempfile.mkdtemp(prefix="learn-"))
ledger.add_folder(temporary)
run = Run(folder, folder, temporary, History(folder / "history", temporary / "probe"), ledger)
command = [sys.executable, "-c", sys.argv[2]]
server = Process(run, "server", command, environment=clean_environment(temporary, {}), folder=folder)
server.log.wait_for("has left", 20)
print(json.dumps([str(temporary), server.pid, *map(int, server.log.text.split()[:2])]), flush=True)
signal.pause()
"""
SERVER = """
import os, signal
child = os.fork()
if not child:
    signal.pause()
middle = os.fork()
if middle:
    os.waitpid(middle, 0)
    signal.pause()
os.setsid()
if os.fork():
    os._exit(0)
print(child, os.getpid(), "has left", flush=True)
signal.pause()
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.jsonl")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", SLEEPER], stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"asleep\n"
        yield process
        process.kill()


def test_what_a_run_that_was_killed_outright_leaves_is_swept(tmp_path: Path, ledger: Ledger) -> None:
    command = [sys.executable, "-c", RUN, str(tmp_path), SERVER]
    environment = {**os.environ, "PYTHONPATH": str(ROOMS)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=tmp_path) as run:
        assert run.stdout is not None
        temporary, *pids = json.loads(run.stdout.readline())
        run.kill()
    assert Path(temporary).is_dir()
    assert all(map(is_alive, pids))
    assert ledger.sweep() == 2  # the folder and the server
    assert not Path(temporary).exists()
    assert not any(map(is_alive, pids))
    assert not ledger.path.exists()


def test_children_whose_leader_has_died_are_swept_too(ledger: Ledger) -> None:
    program = "import os, signal\nos.fork() or print(os.getpid(), flush=True)\nsignal.pause()"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True) as leader:
        assert leader.stdout is not None
        child = int(leader.stdout.readline())
        ledger.add_process(leader.pid)
        leader.kill()
    assert is_alive(child)
    assert ledger.sweep() == 1
    assert not is_alive(child)


def test_a_process_that_got_a_dead_ones_number_is_spared(ledger: Ledger, sleeper: subprocess.Popen[bytes]) -> None:
    earlier = psutil.Process(sleeper.pid).create_time() - 100
    ledger.path.write_text(json.dumps({"pid": sleeper.pid, "created": earlier}) + "\n")
    assert ledger.sweep() == 0
    assert is_alive(sleeper.pid)


def test_a_process_of_another_run_is_spared(ledger: Ledger, sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="learn-"))
    ledger.add_folder(folder)
    environment = clean_environment(tmp_path, {})
    with subprocess.Popen([sys.executable, "-c", SLEEPER], stdout=subprocess.PIPE, env=environment) as other:
        assert ledger.sweep() == 1
        assert is_alive(other.pid)
        assert is_alive(sleeper.pid)
        other.kill()
    assert not folder.exists()


def test_the_last_noted_is_swept_first(ledger: Ledger, tmp_path: Path) -> None:
    for name in ("temporary", "server", "child"):
        ledger.add_folder(tmp_path / name)
    assert [Path(entry["folder"]).name for entry in ledger._entries()] == ["child", "server", "temporary"]


def test_a_line_that_was_only_half_written_is_passed_over(ledger: Ledger) -> None:
    folder = Path(tempfile.mkdtemp(prefix="learn-"))
    ledger.add_folder(folder)
    with ledger.path.open("a") as file:
        file.write('{"folder": "/')
    assert ledger.sweep() == 1
    assert not folder.exists()


def test_a_ledger_of_what_is_gone_already_is_only_removed(ledger: Ledger, tmp_path: Path) -> None:
    ledger.add_folder(tmp_path / "gone")
    ledger.path.write_text(ledger.path.read_text() + json.dumps({"pid": 2**22 - 1, "created": 1.0}) + "\n")
    assert ledger.sweep() == 0
    assert not ledger.path.exists()
    assert ledger.sweep() == 0


def test_a_process_that_is_gone_before_it_is_noted_is_no_error(ledger: Ledger) -> None:
    ledger.add_process(2**22 - 1)
    assert not ledger.path.exists()
