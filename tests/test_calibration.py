"""checker/harness/calibration.py: how slow the machine is just now."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from checker.harness import calibration
from checker.harness.calibration import MOST_SLOWNESS, SPIN_S, slowness
from course.authors.proving import BUSY


def test_a_machine_is_slower_beside_busy_processes_and_has_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "KEEP_S", 0.0)
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(8 * (os.cpu_count() or 1))]
    try:
        measured = [slowness() for _ in range(10)]
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert max(measured) > 1.5
    assert min(measured) >= 1
    assert max(measured) <= MOST_SLOWNESS


def test_whoever_asks_again_at_once_is_told_the_same_at_no_cost() -> None:
    first, spent_s = slowness(), time.thread_time()
    assert {slowness() for _ in range(3)} == {first}
    assert time.thread_time() - spent_s < SPIN_S
