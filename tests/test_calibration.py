"""checker/harness/calibration.py: how slow the machine is just now."""

from __future__ import annotations

import os
import subprocess
import sys

from checker.harness.calibration import MOST_SLOWNESS, slowness
from course.authors.proving import BUSY


def test_a_machine_is_slower_beside_busy_processes_and_has_its_bounds() -> None:
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
