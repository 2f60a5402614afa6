"""A command by hand, in the terminal that it shares with `learn`: the course's Python comes first on its path."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from course.errors import UsageError

LOOK_EVERY_S = 0.3


def run(command: Sequence[str], variables: Mapping[str, str], folder: Path | None) -> int:
    """Run it in `folder` (here, when None), with these variables; its exit status as a shell tells it.

    Raises UsageError for a command that does not exist.
    """
    with _deaf() as is_killed:
        try:
            process = subprocess.Popen(command, env=_environment(variables), cwd=folder)
        except OSError as error:
            raise UsageError(f"{command[0]}: {error.strerror}.", "Is it spelt right, and installed?") from None
        with process:
            while (returncode := _returncode(process)) is None:
                if is_killed():
                    process.terminate()
    return 128 - returncode if returncode < 0 else returncode


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Our own environment, the course's Python first on its path, and these variables."""
    beside = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath)
    return {**os.environ, **variables, "PATH": f"{beside}{os.pathsep}{path}"}


def _returncode(process: subprocess.Popen[bytes]) -> int | None:
    with suppress(subprocess.TimeoutExpired):
        return process.wait(LOOK_EVERY_S)
    return None


@contextmanager
def _deaf() -> Iterator[Callable[[], bool]]:
    """Ctrl-C reaches the command by itself, from the terminal that it shares with us; a `kill` is to be handed on.

    Gives whether one has come since the last time. Handlers are not inherited; to ignore the signals would be.
    """
    came = threading.Event()

    def is_killed() -> bool:
        is_so = came.is_set()
        came.clear()
        return is_so

    handlers = {signal.SIGINT: lambda *_: None, signal.SIGTERM: lambda *_: came.set()}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield is_killed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
