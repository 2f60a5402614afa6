"""A grader in reserve: it has collected the checks before its order comes, and is passed over when they are others."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from course.grading.forge import Forge
from course.model import Outcome
from course.shared.leftovers import lives
from tests.test_checking import living, wait_until
from tests.test_forge import TELLS_ITSELF, Bench, forge_of

IS_COLLECTED = '''
import os
from pathlib import Path

COLLECTED_IN = str(Path.cwd())

def test_collected():
    """It tells where, and by whom."""
    Path("collected.json").write_text(f'["{COLLECTED_IN}", {os.getpid()}]')

def test_more():
    """There is one more."""
'''


@pytest.fixture
def keeping() -> Iterator[Forge]:
    with Forge(keeps_reserve=True) as forge:
        yield forge


def reserve_of(forge: psutil.Process) -> psutil.Process:
    """The grader that waits for the forge's next order, once there is one."""
    wait_until(lambda: any(map(lives, forge.children())))
    (found,) = filter(lives, forge.children())
    return found


def test_between_two_runs_one_waits_with_its_checks_collected(tmp_path: Path, keeping: Forge) -> None:
    bench = Bench(tmp_path, IS_COLLECTED + TELLS_ITSELF)
    bench.grade("first", keeping)
    reserve = reserve_of(forge_of(os.getpid()))
    assert bench.grade("second", keeping, "test_collected", "test_self").outcome is Outcome.PASSED
    assert bench.grade("started", None, "test_collected", "test_self").outcome is Outcome.PASSED
    collected_in, pid = json.loads((tmp_path / "second" / "collected.json").read_text())
    assert pid == reserve.pid
    assert collected_in == str(Path.cwd())  # of the forge: before there was a run
    told, control = (json.loads((tmp_path / name / "self.json").read_text()) for name in ("second", "started"))
    assert told.pop("folder") == str(tmp_path / "second")
    assert control.pop("folder") == str(tmp_path / "started")
    assert told.pop("number") != control.pop("number")
    assert told == control
    assert "for the log" in (tmp_path / "second" / "grader.log").read_text()
    assert not living(tmp_path)


def test_whoever_waits_is_passed_over_once_the_checks_have_changed(tmp_path: Path, keeping: Forge) -> None:
    bench = Bench(tmp_path, IS_COLLECTED)
    bench.grade("first", keeping)
    reserve = reserve_of(forge_of(os.getpid()))
    suite = tmp_path / "rooms" / "checker" / "stage_1" / "toy" / "test_toy.py"
    suite.write_text(suite.read_text().replace("There is one more", "There is another one"), encoding="utf-8")
    verdict = bench.grade("second", keeping)
    assert [result.sentence for result in verdict.results][1] == "There is another one"
    assert json.loads((tmp_path / "second" / "collected.json").read_text())[1] != reserve.pid
    wait_until(lambda: not lives(reserve))


@pytest.mark.parametrize("broken", ["def test_more(:\n", "raise SystemExit(3)\n", "import none_of_that_name\n"])
def test_checks_that_cannot_be_read_are_told_by_the_next_run(tmp_path: Path, keeping: Forge, broken: str) -> None:
    bench = Bench(tmp_path, IS_COLLECTED)
    suite = tmp_path / "rooms" / "checker" / "stage_1" / "toy" / "test_toy.py"
    suite.write_text(broken, encoding="utf-8")
    alone = bench.grade("alone", None).reason
    for name in ("first", "second"):
        verdict = bench.grade(name, keeping)
        assert (verdict.outcome, verdict.reason) == (Outcome.BROKEN, alone)
    forge = forge_of(os.getpid())
    wait_until(lambda: not any(map(lives, forge.children())))  # and no other is tried in its place
    suite.write_text(IS_COLLECTED, encoding="utf-8")
    assert bench.grade("third", keeping).outcome is Outcome.PASSED


def test_one_that_waits_and_is_killed_is_replaced(tmp_path: Path, keeping: Forge) -> None:
    bench = Bench(tmp_path, IS_COLLECTED)
    bench.grade("first", keeping)
    reserve = reserve_of(forge_of(os.getpid()))
    reserve.kill()
    assert bench.grade("second", keeping).outcome is Outcome.PASSED
    assert reserve_of(forge_of(os.getpid())).pid != reserve.pid


@pytest.mark.parametrize("how", ["closed", "killed"])
def test_nobody_waits_on_when_the_forge_ends(tmp_path: Path, keeping: Forge, how: str) -> None:
    Bench(tmp_path, IS_COLLECTED).grade("first", keeping)
    forge = forge_of(os.getpid())
    reserve = reserve_of(forge)
    if how == "closed":
        keeping.close()
    else:
        forge.kill()
        wait_until(lambda: not lives(reserve))
    assert not lives(reserve)
