"""A backing service of the learner's project, whatever its brand: started here, or running elsewhere.

Unlike a web server it is ready when its starter returns: the project may connect as soon as it is imported.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from checker.harness.processes import Process, clean_environment
from checker.harness.run import Run
from course.errors import MachineLacks

READY_DEADLINE_S = 20.0
DEATH_DEADLINE_S = 2.0
LAST_LINES = 6


class Service:
    """Something that listens on a unix socket in a folder of its own. `environment` leads the learner's project to it.

    `process` and `folder` are None for a service that runs elsewhere: that one is not ours to stop.
    """

    def __init__(
        self,
        name: str,
        url: str,
        environment: Mapping[str, str],
        *,
        process: Process | None = None,
        folder: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.url = url
        self.environment = dict(environment)
        self.process = process
        self._folder = folder
        self._stop_signal = stop_signal

    @property
    def pid(self) -> int | None:
        """The master's pid; None for a service that runs elsewhere."""
        return None if self.process is None else self.process.pid

    def stop(self) -> list[str]:
        """Stop it and remove what it kept; returns the command lines of what it left behind."""
        left = [] if self.process is None else self.process.stop(self._stop_signal)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        return left

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def launch(
    run: Run,
    name: str,
    command: Sequence[str],
    *,
    folder: Path,
    user: str | None = None,
) -> Process:
    """Start a program of a service; its output goes to `<name>.log` of the run, in English.

    It is overheard by nobody: who follows the learner's programs has no use for a database's greetings.
    """
    return Process(
        replace(run, overheard=lambda _name, _output: None),
        name,
        command,
        environment=clean_environment(folder, {"LC_ALL": "C"}),
        folder=folder,
        user=user,
    )


def wait_ready(process: Process, says: str) -> None:
    """Wait until it prints `says`. Raises MachineLacks, with its own last lines, when it dies or stays silent first."""
    if process.log.wait_for(says, READY_DEADLINE_S):
        return
    died = process.wait(DEATH_DEADLINE_S) is not None  # its output may end a moment before it does
    process.stop()
    saw = f"ended with exit code {process.returncode}" if died else f"was not ready within {READY_DEADLINE_S:.0f} s"
    raise did_not_start(process, saw)


def did_not_start(process: Process, saw: str) -> MachineLacks:
    """The error for a service that cannot serve: its own last lines say why."""
    lines = "".join(f"\n  {line}" for line in process.log.last_lines(LAST_LINES))
    return MachineLacks(f"{process.name} {saw}{lines}", "`learn doctor` shows which program is in use")
