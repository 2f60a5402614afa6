"""Starts a child: a grader, or a stack. What it tells is for checking.py or standing.py; forge.py forks graders."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from course.content.places import ROOMS


@dataclass(frozen=True, slots=True)
class Order:
    """What a child is to grade. `suite` is the exercise's room with its checks; `only` names some of them, or none.

    `codes` are the diagnoses that have hints, each with the facts that these use: a finding may have no other, and must
    tell all of them. `given` are the files of the project that are as issued: a finding points at none of them.
    """

    suite: Path
    project: Path
    run: Path
    codes: Mapping[str, tuple[str, ...]]
    given: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


class Child(Protocol):
    """A grader, or a stack that stands, in a process of its own, which leads its session."""

    @property
    def pid(self) -> int:
        """Its number."""
        ...

    def has_ended(self, within_s: float = 0.0) -> bool:
        """Whether it has ended by now, or does within so many seconds."""
        ...

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it still lives."""
        ...


class Started:
    """A child with an interpreter of its own."""

    def __init__(self, line: Sequence[str], folder: Path, told: socket.socket, log: IO[bytes]) -> None:
        self._popen = subprocess.Popen(
            line,
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(told.fileno(),),
            # Its own session: Ctrl-C reaches `learn` alone, which then asks the child to stop its servers.
            start_new_session=True,
        )
        self.pid = self._popen.pid

    def has_ended(self, within_s: float = 0.0) -> bool:
        """As in Child."""
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(within_s)
        return self._popen.returncode is not None

    def signal(self, number: signal.Signals) -> None:
        """As in Child."""
        self._popen.send_signal(number)


def graders_line(order: Order, told: socket.socket) -> list[str]:
    """The command line of a grader for this order."""
    return [
        *command(),
        "--fd", str(told.fileno()),
        "--suite", str(order.suite),
        "--project", str(order.project),
        "--run", str(order.run),
        "--only", ",".join(order.only),
        "--codes", json.dumps(order.codes),
        "--given", json.dumps(order.given),
    ]  # fmt: skip


def command() -> list[str]:
    """The beginning of the command line of every child."""
    return [sys.executable, "-P", "-m", "checker"]


def environment() -> dict[str, str]:
    """Ours, without what would change the interpreter or pytest; the rooms come first on the child's path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST_"))}
    # Of a course in the making no bytecode is kept: it would hide an edit within the same second.
    uncached = {"PYTHONDONTWRITEBYTECODE": "1"} if "LEARN_ROOMS" in kept else {}
    return {
        **kept,
        **uncached,
        "PYTHONPATH": str(ROOMS),
        "PYTHONNOUSERSITE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        # Else glibc sets aside 64 MiB of addresses for each thread: the child's memory is capped by its addresses.
        "MALLOC_ARENA_MAX": "4",
    }
