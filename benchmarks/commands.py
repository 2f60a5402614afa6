"""Runs `learn` as a learner's shell does, and takes its wall time and its own peak memory."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

DEADLINE_S = 600.0

# `learn` in a process that tells its own peak at the end; its children are not counted. Linux: VmHWM, because
# ru_maxrss outlives exec and would tell the size of whoever started this process.
WITH_PEAK = """
import resource, sys
from pathlib import Path
from course.__main__ import main
try:
    status = main(sys.argv[2:])
except SystemExit as leaving:
    status = leaving.code
try:
    words = Path("/proc/self/status").read_text().split()
    peak_kb = float(words[words.index("VmHWM:") + 1])
except OSError:
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # bytes on macOS
Path(sys.argv[1]).write_text(str(peak_kb / 1024))
sys.exit(status)
"""


class CommandFailed(Exception):
    """A command that is measured has to succeed; holds its last words."""


def wall_s(command: Sequence[str], folder: Path) -> float:
    """Seconds from start to exit. Raises CommandFailed when it does not exit with 0."""
    started_at = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )
    seconds = time.perf_counter() - started_at
    if done.returncode:
        raise CommandFailed(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return seconds


def learn(*arguments: str) -> list[str]:
    """The command line of the installed `learn` that belongs to this interpreter."""
    return [str(Path(sys.executable).with_name("learn")), *arguments]


def bare_interpreter() -> list[str]:
    """The least that any Python command costs."""
    return [sys.executable, "-c", "pass"]


def wall_s_and_peak_mb(arguments: Sequence[str], folder: Path) -> tuple[float, float]:
    """Seconds of this `learn` command, and the peak resident memory of `learn` itself meanwhile, in megabytes."""
    told = folder / "peak"
    seconds = wall_s([sys.executable, "-c", WITH_PEAK, str(told), *arguments], folder)
    peak = float(told.read_text())
    told.unlink()
    return seconds, peak
