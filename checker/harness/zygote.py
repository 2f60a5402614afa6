"""Servers that are forked from a Python which has imported Django and them already: checker/zygote/main.py (Linux).

For who grades again and again: there most of what a server costs is its imports. `Zygotes` is the forge's end of it,
`Nurseries` a grader's. Whatever cannot be started in this way is started as ever.

There are several, in turns: a string's hash and an object's address are the same in whatever is forked from one, and
who takes these for the same in every process, or for different ones, has to learn that they are not.
"""

from __future__ import annotations

import itertools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from socket import SocketIO

MAIN = Path(__file__).resolve().parents[1] / "zygote" / "main.py"
START_S = 20.0
LINE_BYTES = 64
MODULE = ["-P", "-m"]  # how a server's module is named on its command line


class Zygotes:
    """The processes themselves, as the forge has them: they start nursery after nursery."""

    def __init__(self, environment: Mapping[str, str], count: int) -> None:
        """Start so many; what they import, they import in this environment. With none of them nothing is forked."""
        self._controls = list[socket.socket]()
        self._popens = list[subprocess.Popen[bytes]]()
        for _ in range(count):
            control, theirs = socket.socketpair()
            with theirs:
                self._controls.append(control)
                self._popens.append(
                    subprocess.Popen(
                        [sys.executable, "-P", str(MAIN), str(theirs.fileno())],
                        cwd=tempfile.gettempdir(),
                        env=dict(environment),
                        stdin=subprocess.DEVNULL,
                        pass_fds=(theirs.fileno(),),
                        start_new_session=True,
                    )
                )

    @property
    def pids(self) -> set[int]:
        """Their numbers."""
        return {popen.pid for popen in self._popens}

    def nurseries(self) -> Nurseries:
        """Of one grader that is about to be forked."""
        lines = []
        for control in self._controls:
            ours, theirs = socket.socketpair()
            with theirs, suppress(OSError):  # a zygote that has ended: nobody answers there
                socket.send_fds(control, [b"\n"], [theirs.fileno()])
            lines.append(ours)
        return Nurseries(lines)

    def leave(self) -> None:
        """In a process that was forked from the forge: let go of them."""
        for control in self._controls:
            control.close()

    def close(self) -> None:
        """End them. Their nurseries end with their graders."""
        self.leave()
        for popen in self._popens:
            popen.wait()


class Nurseries:
    """Where the servers of one grading are forked, in turns, and what leaves them is adopted. For any thread."""

    def __init__(self, lines: Sequence[socket.socket]) -> None:
        self._lines = lines
        self._pids: list[int] = []
        self._lock = threading.Lock()
        self._turns = itertools.cycle(lines)

    @property
    def pids(self) -> Sequence[int]:
        """Their numbers; none while nothing was started there."""
        return tuple(self._pids)

    def close(self) -> None:
        """In the forge, once the grader is forked, which has them now."""
        for line in self._lines:
            line.close()

    def start(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        streams: Sequence[int],
        passed: Sequence[int],
    ) -> Forked | None:
        """A server, as by this command line in this environment; None where it has to be started by that.

        `streams` are its stdin (or subprocess.DEVNULL), stdout and stderr, `passed` the descriptors that it finds under
        the same numbers.
        """
        if not self._lines or [sys.executable, *MODULE] != list(command[:3]):
            return None
        told, theirs = socket.socketpair()
        order = {"module": command[3], "arguments": list(command[4:]), "folder": str(folder)}
        message = json.dumps({**order, "environment": dict(environment), "passed": list(passed)}).encode() + b"\n"
        with theirs, Path(os.devnull).open("rb") as nothing, self._lock:
            stdin, *outputs = streams
            if stdin == subprocess.DEVNULL:
                stdin = nothing.fileno()
            try:
                self._begin()
                socket.send_fds(next(self._turns), [message], [theirs.fileno(), stdin, *outputs, *passed])
            except OSError:  # it has ended
                told.close()
                return None
            theirs.close()
            return Forked.begun(told, command)  # one order at a time: it answers before it takes the next

    def _begin(self) -> None:
        """Wait until they are there: each tells its number first."""
        for line in self._lines[len(self._pids) :]:
            line.settimeout(START_S)
            number = line.recv(LINE_BYTES)
            line.settimeout(None)
            if not number:
                raise BrokenPipeError
            self._pids.append(int(number))


NONE = Nurseries(())


class Forked:
    """A server that was forked, with what subprocess.Popen has that a Process needs. It is not our child."""

    def __init__(self, told: SocketIO, pid: int, command: Sequence[str]) -> None:
        """`told` gives its return code, in a line."""
        self.pid = pid
        self.returncode: int | None = None
        self._command = command
        self._told = told
        self._lock = threading.Lock()

    @classmethod
    def begun(cls, told: socket.socket, command: Sequence[str]) -> Forked | None:
        """As soon as its number is told; None where it cannot be started so."""
        with told:
            lines = told.makefile("rb", buffering=0)
        line = lines.readline().strip() if _is_readable(lines, START_S) else b""
        if line.isdigit():
            return cls(lines, int(line), command)
        lines.close()
        return None

    def poll(self) -> int | None:
        """Its return code; None while it runs."""
        with self._lock:
            if self.returncode is None and _is_readable(self._told, 0.0):
                self.returncode = int(self._told.readline() or -signal.SIGKILL)  # none is told when its nursery ends
                self._told.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The same, once it has ended. Raises subprocess.TimeoutExpired."""
        _is_readable(self._told, timeout)
        returncode = self.poll()
        if returncode is None:
            raise subprocess.TimeoutExpired(list(self._command), timeout or 0.0)
        return returncode

    def send_signal(self, number: int) -> None:
        """To itself, as long as it runs."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def _is_readable(told: SocketIO, within_s: float | None) -> bool:
    with suppress(ValueError):  # all is read: another thread has closed it
        coming = select.poll()  # any number of descriptors may be open here
        coming.register(told, select.POLLIN)
        return bool(coming.poll(None if within_s is None else max(0.0, within_s) * 1000))
    return True
