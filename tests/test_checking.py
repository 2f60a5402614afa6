"""How a run goes, and that nothing outlives it, whoever is killed; what its report comes to is test_hearing.py's."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from course.content.places import ROOMS, Places
from course.errors import MachineLacks
from course.grading import checking, hearing, verdicts
from course.model import CheckFinished, Outcome, SuiteFinished, SuiteStarted
from course.shared.ledger import Ledger
from tests.grading import HELLO, SUITE, TOY, grade, lay

HOLDING_SUITE = (
    SUITE
    + '''
def test_it_holds(site, gate):
    """It holds."""
    site.send("/held")
    gate.wait_held(1, deadline_s=60)
'''
)
GIVEN_UP_S = 30


def only(check_body: str) -> str:
    """A check file of one check, which needs no server."""
    return f'import pytest\nfrom course.errors import MachineLacks\ndef test_one():\n    """One."""\n    {check_body}\n'


def test_events_come_in_order_and_the_verdict_is_kept(tmp_path: Path) -> None:
    rooms = lay(tmp_path / "rooms", {"checker/stage_1/toy/test_toy.py": SUITE.replace("DEADLINE", "15")})
    project = lay(tmp_path / "project", {"app.py": HELLO})
    run = tmp_path / "run"
    run.mkdir()
    with checking.start(Places(rooms), TOY, project=project, run=run) as grading:
        events = list(grading.events())
    assert isinstance(events[0], SuiteStarted)
    assert isinstance(events[-1], SuiteFinished)
    told = [event.result.id for event in events if isinstance(event, CheckFinished)]
    assert told == [check for check, _ in events[0].checks]
    kept = verdicts.read(run)
    assert kept is not None
    assert (kept.outcome, kept.results) == (Outcome.PASSED, grading.verdict.results)
    assert {path.name for path in run.iterdir()} == {"history.jsonl", "gunicorn.log", "grader.log", "verdict.json"}


def test_the_history_holds_traffic_and_processes(tmp_path: Path) -> None:
    grade(tmp_path, {"app.py": HELLO})
    lines = (tmp_path / "run" / "history.jsonl").read_text(encoding="utf-8").splitlines()
    kinds = {json.loads(line)["kind"] for line in lines}
    assert {"process.started", "request.sent", "request.answered", "app.entered", "app.left", "process.ended"} <= kinds


def test_when_learn_is_killed_the_grader_stops_its_servers(tmp_path: Path) -> None:
    with holding(tmp_path) as learn:
        learn.kill()
    wait_until(lambda: not living(tmp_path))
    assert not (tmp_path / "run" / "ledger.jsonl").exists()


def test_when_both_are_killed_the_ledger_sweeps(tmp_path: Path) -> None:
    with holding(tmp_path) as learn:
        temporary = [Path(str(entry["folder"])) for entry in ledger_entries(tmp_path) if "folder" in entry]
        graders = psutil.Process(learn.pid).children()
        for pid in (learn.pid, *(grader.pid for grader in graders)):
            os.kill(pid, signal.SIGKILL)
    assert living(tmp_path)
    assert Ledger(tmp_path / "run" / "ledger.jsonl").sweep() == 2  # gunicorn and the temporary folder
    wait_until(lambda: not living(tmp_path))
    assert temporary
    assert not any(folder.exists() for folder in temporary)


def test_ctrl_c_stops_everything(tmp_path: Path) -> None:
    with holding(tmp_path) as learn:
        learn.send_signal(signal.SIGINT)
        learn.wait(timeout=GIVEN_UP_S)
    assert not living(tmp_path)


@contextmanager
def holding(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A `learn` that grades a project, in the middle of a check that takes its time."""
    rooms = lay(tmp_path / "rooms", {"checker/stage_1/toy/test_toy.py": HOLDING_SUITE.replace("DEADLINE", "15")})
    project = lay(tmp_path / "project", {"app.py": HELLO})
    (tmp_path / "run").mkdir()
    code = f"""
from pathlib import Path
from course.grading import checking
from course.content.places import Places
from tests.grading import TOY
rooms, project, run = Path({str(rooms)!r}), Path({str(project)!r}), Path({str(tmp_path / "run")!r})
with checking.start(Places(rooms), TOY, project=project, run=run) as grading:
    for event in grading.events():
        print(event, flush=True)
"""
    learn = subprocess.Popen([sys.executable, "-c", code], cwd=ROOMS, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with learn:
        assert learn.stdout is not None
        assert any(b"CheckStarted(id='test_it_holds')" in line for line in learn.stdout)
        yield learn


def ledger_entries(tmp_path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (tmp_path / "run" / "ledger.jsonl").read_text().splitlines()]


def living(tmp_path: Path) -> list[psutil.Process]:
    """Processes whose command line or working folder lies in this test's folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(tmp_path) in " ".join(process.cmdline()) or process.cwd().startswith(str(tmp_path)):
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.pid != os.getpid()]


def wait_until(condition: Callable[[], bool], deadline_s: float = GIVEN_UP_S) -> None:
    """Look again and again until it is so."""
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_programs_do_not_inherit_the_signals_that_a_shell_or_nohup_has_ignored(tmp_path: Path) -> None:
    body = """
    import signal, sys
    code = "import signal; print([signal.getsignal(n) == signal.SIG_IGN for n in (signal.SIGHUP, signal.SIGINT)])"
    with program([sys.executable, "-c", code], name="asked") as asked:
        asked.wait(20)
        assert list(asked.lines) == ["[False, False]"], asked.lines
"""
    suite = f'def test_one(program):\n    """One."""{body}'
    kept = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGHUP, signal.SIGINT)}
    try:
        verdict = grade(tmp_path, {"app.py": HELLO}, suite=suite)
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
    assert verdict.outcome is Outcome.PASSED, verdict.reason


def test_a_grader_that_was_stopped_is_ended_and_the_verdict_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whatever of the learner's stops it; here by itself."""
    monkeypatch.setattr(hearing, "START_GRACE_S", 10.0)
    suite = SUITE + '\ndef test_stop(site):\n    """It stops."""\n    import os\n    os.kill(os.getpid(), 19)\n'
    verdict = grade(tmp_path, {"app.py": HELLO}, suite=suite, exercise=replace(TOY, time_limit_s=1.0))
    assert verdict.outcome is not Outcome.PASSED
    kept = verdicts.read(tmp_path / "run")
    assert kept is not None
    assert (kept.outcome, kept.results) == (verdict.outcome, verdict.results)
    assert not living(tmp_path)
    assert not (tmp_path / "run" / "ledger.jsonl").exists()


@pytest.fixture
def full(tmp_path: Path) -> Callable[[str], None]:
    """Makes a file of the run one on a full disk."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no disk that is always full")
    (tmp_path / "run").mkdir()
    return lambda name: (tmp_path / "run" / name).symlink_to("/dev/full")


def test_a_full_disk_costs_the_record_and_not_the_verdict(tmp_path: Path, full: Callable[[str], None]) -> None:
    for name in ("history.jsonl", "gunicorn.log"):
        full(name)
    assert grade(tmp_path, {"app.py": HELLO}).outcome is Outcome.PASSED
    assert not living(tmp_path)


def test_a_verdict_that_cannot_be_saved_is_told(tmp_path: Path, full: Callable[[str], None]) -> None:
    full("verdict.json")
    with pytest.raises(MachineLacks, match="no space left on device"):
        grade(tmp_path, {"app.py": HELLO})
    assert not living(tmp_path)
    assert not (tmp_path / "run" / "ledger.jsonl").exists()


def test_a_grader_that_has_no_room_says_so(tmp_path: Path, full: Callable[[str], None]) -> None:
    full("ledger.jsonl")
    verdict = grade(tmp_path, {"app.py": HELLO})
    assert verdict.outcome is Outcome.BROKEN
    assert "No space left on device" in verdict.reason


def test_what_cannot_be_noted_is_not_left_running(tmp_path: Path, full: Callable[[str], None]) -> None:
    full("full")
    body = """
    run.ledger.path.unlink()
    run.ledger.path.symlink_to("/dev/full")
    gunicorn("app:application")
"""
    verdict = grade(tmp_path, {"app.py": HELLO}, suite=f'def test_one(run, gunicorn):\n    """One."""{body}')
    assert verdict.results[0].outcome is Outcome.SKIPPED
    assert "No space left on device make room on the disk" in verdict.results[0].reason
    assert not living(tmp_path)


TAKE_TOO_MUCH = {
    "in the check": "bytearray(8 * 1024**3)",
    "in a thread": "run_in_thread(lambda: bytearray(8 * 1024**3))",
}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux caps a process by its addresses")
@pytest.mark.parametrize("take", TAKE_TOO_MUCH.values(), ids=TAKE_TOO_MUCH.keys())
def test_a_check_that_takes_too_much_memory_is_broken_alone(tmp_path: Path, take: str) -> None:
    suite = f"""
import resource, sys, threading

def run_in_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

def test_one():
    \"""One.\"""
    {take}

def test_two(program):
    \"""Two: its programs are not capped.\"""
    code = "import resource; print(resource.getrlimit(resource.RLIMIT_AS))"
    with program([sys.executable, "-c", code], name="asked") as asked:
        asked.wait(20)
        assert list(asked.lines) == ["{resource.getrlimit(resource.RLIMIT_AS)}"], asked.lines
"""
    verdict = grade(tmp_path, {"app.py": HELLO}, suite=suite)
    assert [result.outcome for result in verdict.results] == [Outcome.BROKEN, Outcome.PASSED, Outcome.PASSED]
    assert verdict.reason == "this check took more than 4 GiB of memory"
