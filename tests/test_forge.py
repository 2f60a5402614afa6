"""Graders that are forked: the same verdict as from one that was started, and nothing left, whoever dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from course.content.places import ROOMS, Places
from course.errors import CourseBug
from course.grading import checking, verdicts
from course.grading.forge import Forge
from course.model import Outcome, Verdict
from course.shared.leftovers import lives
from tests.grading import HELLO, SHARED_HINTS, SUITE, TOY, lay
from tests.test_checking import living, wait_until

# What a grader must not share with the forge or with its neighbours, written into its run's folder.
TELLS_ITSELF = '''
import ctypes, json, os, random, signal, threading
from pathlib import Path

def test_self(run):
    """It tells itself."""
    facts = {
        "leads": os.getsid(0) == os.getpid() == os.getpgrp(),
        "folder": str(Path.cwd()),
        "descriptors": len(os.listdir("/proc/self/fd")) if Path("/proc").is_dir() else 0,
        "child": str(signal.getsignal(signal.SIGCHLD)),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "is_dumpable": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) if Path("/proc").is_dir() else 0,
        "number": random.random(),
    }
    Path("self.json").write_text(json.dumps(facts))
    print("for the log")
'''

HOLDS = (
    SUITE.replace("DEADLINE", "15")
    + '''
def test_it_holds(site):
    """It holds."""
    import threading
    from pathlib import Path
    site.expect_ready("/", deadline_s=15)
    Path("holds").touch()
    threading.Event().wait(600)
'''
)


IS_TOLD_BY_WHOM = '''
import os
from pathlib import Path
from checker.stage_1.toy import place

def test_place():
    """It tells who has imported the room."""
    Path("told").write_text("itself" if place.WHERE == os.getpid() else "the forge")
'''


class Bench:
    """Grades one project again and again, each time in a folder of its own."""

    def __init__(self, folder: Path, suite: str) -> None:
        self.folder = folder
        self._places = Places(lay(folder / "rooms", {"checker/stage_1/toy/test_toy.py": suite, **SHARED_HINTS}))
        self._project = lay(folder / "project", {"app.py": HELLO})

    def grade(self, name: str, forge: Forge | None, *only: str) -> Verdict:
        """The verdict of one run."""
        run = self.folder / name
        run.mkdir()
        with checking.start(self._places, TOY, project=self._project, run=run, only=only, forge=forge) as grading:
            for _ in grading.events():
                pass
        return grading.verdict


@pytest.fixture(params=[False, True], ids=["cold", "warm"])
def forge(request: pytest.FixtureRequest) -> Iterator[Forge]:
    with Forge(is_warm=request.param) as forge:
        yield forge


def forge_of(learn: int) -> psutil.Process:
    """The forge that this process has started."""
    (found,) = (p for p in psutil.Process(learn).children() if lives(p) and "--forge" in p.cmdline())
    return found


def test_a_forked_grader_comes_to_the_same_verdict(tmp_path: Path, forge: Forge) -> None:
    bench = Bench(tmp_path, SUITE.replace("DEADLINE", "15"))
    forked, started = bench.grade("forked", forge), bench.grade("started", None)
    assert [(r.id, r.outcome) for r in forked.results] == [(r.id, r.outcome) for r in started.results]
    assert forked.outcome is Outcome.PASSED
    files = {path.name for path in (tmp_path / "forked").iterdir()}
    assert files == {path.name for path in (tmp_path / "started").iterdir()}
    assert not living(tmp_path)


def test_a_forked_grader_shares_nothing_with_the_others(tmp_path: Path, forge: Forge) -> None:
    bench = Bench(tmp_path, TELLS_ITSELF)
    with ThreadPoolExecutor(3) as pool:
        names = ["one", "two", "three"]
        assert {v.outcome for v in pool.map(lambda name: bench.grade(name, forge), names)} == {Outcome.PASSED}
    bench.grade("started", None)
    facts = {name: json.loads((tmp_path / name / "self.json").read_text()) for name in (*names, "started")}
    assert len({each.pop("number") for each in facts.values()}) == 4
    assert {name: each.pop("folder") for name, each in facts.items()} == {name: str(tmp_path / name) for name in facts}
    descriptors = {name: each.pop("descriptors") for name, each in facts.items()}
    assert {descriptors[name] - descriptors["started"] for name in names} in ({0}, {2})  # those of its nurseries
    assert all(each == facts["started"] for each in facts.values())
    assert facts["started"]["leads"]
    assert facts["started"]["is_dumpable"] == 0
    assert "for the log" in (tmp_path / "two" / "grader.log").read_text()


def test_the_next_grader_of_a_room_finds_it_imported(tmp_path: Path, forge: Forge) -> None:
    bench = Bench(tmp_path, IS_TOLD_BY_WHOM)
    room = {"fixtures.py": "from checker.stage_1.toy import place\n", "place.py": "import os\nWHERE = os.getpid()\n"}
    lay(tmp_path / "rooms" / "checker" / "stage_1" / "toy", room | {"wrong.py": "raise SystemExit(3)\n"})
    for name in ("first", "second"):
        assert bench.grade(name, forge).outcome is Outcome.PASSED
    assert [(tmp_path / name / "told").read_text() for name in ("first", "second")] == ["itself", "the forge"]


def test_a_forked_grader_that_dies_is_broken_and_swept_up(tmp_path: Path, forge: Forge) -> None:
    dies = '\ndef test_die(site):\n    """It dies."""\n    import os\n    os.kill(os.getpid(), 9)\n'
    bench = Bench(tmp_path, SUITE.replace("DEADLINE", "15") + dies)
    for name in ("first", "second"):  # the forge outlives it
        verdict = bench.grade(name, forge)
        assert (verdict.outcome, verdict.reason) == (Outcome.BROKEN, "the grader ended without a report")
    assert not living(tmp_path)


def test_a_forge_that_was_killed_is_told_and_the_running_grader_still_judges(tmp_path: Path, forge: Forge) -> None:
    slow = (
        SUITE.replace("DEADLINE", "15")
        + '\ndef test_slow():\n    """It is slow."""\n    import time\n    time.sleep(3)\n'
    )
    bench = Bench(tmp_path, slow)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(bench.grade, "running", forge)
        wait_until((tmp_path / "running" / "gunicorn.log").exists)
        forge_of(os.getpid()).kill()
        assert running.result().outcome is Outcome.PASSED
    with pytest.raises(CourseBug, match="the process that graders are forked from was ended by signal 9"):
        bench.grade("next", forge)
    assert not living(tmp_path)


def test_a_forge_that_cannot_start_says_why(tmp_path: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("course.grading.forge.command", lambda: [sys.executable, "-c", "raise SystemExit('no pytest')"])
    with pytest.raises(CourseBug, match="ended with status 1: no pytest"):
        Bench(tmp_path, SUITE).grade("run", forge)


def test_leaving_the_forge_stops_what_still_runs(tmp_path: Path) -> None:
    bench = Bench(tmp_path, HOLDS)
    with ThreadPoolExecutor(1) as pool, Forge(is_warm=True) as forge:
        running = pool.submit(bench.grade, "running", forge)
        wait_until((tmp_path / "running" / "holds").exists)
        forge.close()
        assert running.result().outcome is not Outcome.PASSED
    assert not living(tmp_path)
    assert not (tmp_path / "running" / "ledger.jsonl").exists()


def test_when_learn_is_killed_forge_and_graders_end(tmp_path: Path) -> None:
    with holding(tmp_path) as learn:
        forge = forge_of(learn.pid)
        learn.kill()
    wait_until(lambda: not forge.is_running() or forge.status() == psutil.STATUS_ZOMBIE)
    assert not living(tmp_path)
    assert not (tmp_path / "run" / "ledger.jsonl").exists()


def test_ctrl_c_ends_forge_and_graders(tmp_path: Path) -> None:
    with holding(tmp_path) as learn:
        forge = forge_of(learn.pid)
        learn.send_signal(signal.SIGINT)
        learn.wait(timeout=30)
    assert not forge.is_running()
    assert not living(tmp_path)


@contextmanager
def holding(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that grades with a forge, in the middle of a check that takes its time."""
    code = f"""
from pathlib import Path
from course.grading.forge import Forge
from tests.test_forge import HOLDS, Bench
with Forge(is_warm=True) as forge:
    Bench(Path({str(tmp_path)!r}), HOLDS).grade("run", forge)
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOMS, stderr=subprocess.DEVNULL) as learn:
        wait_until((tmp_path / "run" / "holds").exists)
        yield learn


def test_a_run_that_is_cut_stops_its_servers_at_once(tmp_path: Path, forge: Forge) -> None:
    fails = (
        '\ndef test_fails(site):\n    """It fails."""\n    from checker.harness.findings import fail\n'
        '    site.expect_ready("/", deadline_s=15)\n    fail("no-answer", wanted="a", saw="b")\n'
        '\ndef test_holds(site):\n    """It holds."""\n    import threading\n    threading.Event().wait(600)\n'
    )
    suite = SUITE.replace("DEADLINE", "15") + fails
    places = Places(lay(tmp_path / "rooms", {"checker/stage_1/toy/test_toy.py": suite, **SHARED_HINTS}))
    for name, by in (("forked", forge), ("started", None)):
        run = tmp_path / name
        run.mkdir()
        project = lay(tmp_path / "project", {"app.py": HELLO})
        decided_at = 0.0
        with checking.start(places, TOY, project=project, run=run, forge=by) as grading:
            for _ in grading.events():
                if grading.is_decided:
                    decided_at = time.monotonic()
                    grading.cut()
                    break
        assert time.monotonic() - decided_at < 10
        assert (grading.verdict.outcome, grading.verdict.reason) == (Outcome.FAILED, "")
        assert grading.verdict.first_failure is not None
        assert grading.verdict.first_failure.id == "test_fails"
        assert verdicts.read(run) is not None
        assert not living(tmp_path)
        assert not (run / "ledger.jsonl").exists()
