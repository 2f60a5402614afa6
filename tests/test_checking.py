"""How a run comes to its verdict, and that nothing outlives it, whoever is killed."""

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

from course.content import suites
from course.content.places import ROOMS, Places
from course.errors import MachineLacks
from course.grading import checking, hearing, verdicts
from course.model import LEFT_RUNNING, CheckFinished, Outcome, SuiteFinished, SuiteStarted
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
LATE_AFTER_S = 15 - TOY.time_limit_s  # a grader takes a second or two to start, and longer on a busy machine


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


def test_a_failed_check_skips_what_needs_it_with_a_reason(tmp_path: Path) -> None:
    verdict = grade(tmp_path, {"app.py": "raise ValueError('no')\n"})
    first, second, *_ = verdict.results
    assert (first.outcome, second.outcome) == (Outcome.FAILED, Outcome.SKIPPED)
    assert second.reason == "needs: It answers"


def test_an_error_of_a_check_is_our_bug(tmp_path: Path) -> None:
    verdict = grade(tmp_path, {}, suite=only("assert 1 == 2"))
    assert verdict.outcome is Outcome.BROKEN
    assert "assert 1 == 2" in verdict.reason


def test_a_finding_without_hints_is_our_bug_and_told_in_a_line(tmp_path: Path) -> None:
    """However the code came about: here it is computed, where no reader of the source would find it."""
    body = "from checker.harness.findings import fail; fail('new' + '-code', wanted='a word', saw='none')"
    verdict = grade(tmp_path, {}, suite=only(body))
    assert verdict.outcome is Outcome.BROKEN
    told = "checker/stage_1/toy/test_toy.py: test_one gives 'new-code', which has no hints in a hints.toml"
    assert (verdict.reason, verdict.results[0].finding) == (told, None)


def test_a_machine_that_lacks_something_skips(tmp_path: Path) -> None:
    verdict = grade(tmp_path, {}, suite=only("raise MachineLacks('no such server', 'install it')"))
    assert verdict.outcome is Outcome.SKIPPED
    assert verdict.results[0].reason == "no such server install it"


def test_a_check_file_without_checks_is_our_bug(tmp_path: Path) -> None:
    verdict = grade(tmp_path, {}, suite='"""Nothing."""\n')
    assert verdict.outcome is Outcome.BROKEN
    assert "no check" in verdict.reason


def test_a_check_file_that_cannot_be_read_is_our_bug(tmp_path: Path) -> None:
    assert grade(tmp_path, {}, suite="import nosuch\n").outcome is Outcome.BROKEN


def test_a_grader_that_dies_is_broken_and_swept_up(tmp_path: Path) -> None:
    suite = SUITE + '\ndef test_die(site):\n    """It dies."""\n    import os\n    os.kill(os.getpid(), 9)\n'
    verdict = grade(tmp_path, {"app.py": HELLO}, suite=suite)
    assert verdict.outcome is Outcome.BROKEN
    assert verdict.reason == "the grader ended without a report"
    assert not living(tmp_path)


def test_a_report_that_is_short_is_broken(tmp_path: Path) -> None:
    suite = only("pass") + '\ndef test_two():\n    """Two."""\n    import pytest\n    pytest.exit("early")\n'
    verdict = grade(tmp_path, {}, suite=suite)
    assert verdict.outcome is Outcome.BROKEN


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


HANGS = '''
import threading

def test_one():
    """One."""

def test_two():
    """Two."""
    threading.Event().wait()

def test_three():
    """Three."""
'''


def test_the_check_that_runs_when_the_time_is_over_has_failed_by_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "START_GRACE_S", LATE_AFTER_S)
    verdict = grade(tmp_path, {}, suite=HANGS)
    assert verdict.outcome is Outcome.FAILED, verdict.reason
    assert [(result.id, result.outcome) for result in verdict.results] == [
        ("test_one", Outcome.PASSED),
        ("test_two", Outcome.FAILED),
        ("test_three", Outcome.SKIPPED),
        ("nothing_is_left_running", Outcome.SKIPPED),
    ]
    finding = verdict.results[1].finding
    assert finding is not None
    assert finding.code == "time-over"
    assert verdict.results[2].reason == "not run: the time was over"
    assert (kept := verdicts.read(tmp_path / "run")) is not None
    assert kept.results == verdict.results


def test_a_grader_that_hangs_between_checks_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "START_GRACE_S", LATE_AFTER_S)
    verdict = grade(tmp_path, {}, suite="import threading\nthreading.Event().wait()\n")
    assert verdict.outcome is Outcome.BROKEN
    assert verdict.reason == "the checks took longer than 60 s; running: none of them"


def test_a_report_of_other_checks_than_the_check_files_hold_is_broken(tmp_path: Path) -> None:
    """As one would be that is forged, or comes of a check file that was overwritten meanwhile."""
    made = 'def _made():\n    """Two."""\n\nglobals()["test_two"] = _made\n'
    verdict = grade(tmp_path, {}, suite=only("pass") + made)
    assert verdict.outcome is Outcome.BROKEN
    assert verdict.reason == "the grader told of other checks than there are: test_two"


def test_a_report_of_fewer_checks_is_broken(tmp_path: Path) -> None:
    verdict = grade(tmp_path, {}, suite=only("pass") + '\ndef test_two():\n    """Two."""\n\ndel test_two\n')
    assert verdict.outcome is Outcome.BROKEN
    assert verdict.reason == "the grader told of other checks than there are: test_two"


def test_a_check_whose_end_is_told_twice_is_broken(tmp_path: Path) -> None:
    """The first word counts no more than the second: somebody else speaks."""
    body = """
    import gc
    from checker.reporter import Reporter
    from course.model import LEFT_RUNNING, CheckFinished, CheckResult, Outcome
    (reporter,) = (thing for thing in gc.get_objects() if type(thing) is Reporter)
    reporter._tell(CheckFinished(result=CheckResult("test_one", "One", Outcome.PASSED)))
    raise AssertionError
"""
    verdict = grade(tmp_path, {}, suite=f'def test_one():\n    """One."""{body}')
    assert verdict.outcome is Outcome.BROKEN
    assert verdict.reason == "the grader told twice how test_one ended"


def test_what_is_wanted_alone_is_expected_with_what_it_needs(tmp_path: Path) -> None:
    text = """
from checker.harness.suite import needs
FIRST = "test_a"
def test_a(): ...
@needs(FIRST)
def test_b(): ...
@needs("test_b", "test_a")
def test_c(): ...
def test_d(): ...
def helper(): ...
"""
    suite = lay(tmp_path, {"test_1_x.py": text, "test_2_y.py": "def test_e(): ...", "lab.py": "def test_f(): ..."})
    assert suites.reported(suite) == {"test_a", "test_b", "test_c", "test_d", "test_e", LEFT_RUNNING}
    assert suites.reported(suite, ["test_c"]) == {"test_a", "test_b", "test_c", LEFT_RUNNING}


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
