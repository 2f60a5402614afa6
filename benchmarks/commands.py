"""Runs `learn` as a learner's shell does, and takes its wall time, its processor time and its own peak memory."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
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
    """A command that is measured has to end as it should; holds its last words."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One `learn check`: its wall time, when its first check ended, and the processor time of all its processes."""

    wall_s: float
    first_s: float
    cpu_s: float


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


def check(exercise: str, folder: Path, *, status: int = 0) -> Checked:
    """`learn check EXERCISE --json`, which has to exit with `status`."""
    before_s, started_at = _cpu_s(), time.perf_counter()
    command = learn("check", exercise, "--json")
    first_s, told = 0.0, ""
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        for told in process.stdout or ():
            if not first_s and json.loads(told)["event"] == "check_finished":
                first_s = time.perf_counter() - started_at
        process.wait(DEADLINE_S)
        seconds = time.perf_counter() - started_at
        errors.seek(0)
        if process.returncode != status:
            last = f"{told[-2000:]}{errors.read()[-2000:]}"
            raise CommandFailed(f"{' '.join(command)}: exit {process.returncode}\n{last}")
    return Checked(seconds, first_s, _cpu_s() - before_s)


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


def _cpu_s() -> float:
    """The processor time of all the processes that were started here, and theirs, and are waited for."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
