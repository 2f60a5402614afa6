"""A command of a deployment (supervisorctl, ExecReload=), run to its end: what it says is kept in bounded memory."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checker.harness.log import Log
from checker.harness.processes import clean_environment
from checker.harness.run import Run

LAST_WORDS_DEADLINE_S = 2.0


@dataclass(frozen=True, slots=True)
class Said:
    """Both its outputs as one, and its exit code: None for one that had to be killed at the deadline."""

    text: str
    returncode: int | None


def run_command(run: Run, command: Sequence[str], environment: Mapping[str, str], *, deadline_s: float) -> Said:
    """Run it in the project's folder; blocks until it has ended, or been killed at the deadline."""
    reading, writing = os.pipe()
    try:
        process = subprocess.Popen(
            command,
            env=clean_environment(run.temporary, environment),
            cwd=run.project,
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=subprocess.STDOUT,
        )
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    log = Log(reading, run.temporary / "command.log")  # never closed, so never written
    try:
        returncode: int | None = process.wait(deadline_s)
    except subprocess.TimeoutExpired:
        returncode = None
    finally:
        process.kill()
        process.wait()
    log.wait_end(LAST_WORDS_DEADLINE_S)  # a child of its own may keep the pipe open
    return Said(log.text.strip(), returncode)
