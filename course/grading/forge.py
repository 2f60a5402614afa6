"""The process that graders are forked from, as `learn dev check` sees it: checker/forge.py tells the other side.

A grader that is forked saves the interpreter's start and the imports of pytest and the checker.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import IO, Self

from course.errors import CourseBug
from course.grading.child import Order, command, environment

START_S = 60.0
END_S = 60.0
LINE_BYTES = 64
LINES = 2


class Forge:
    """Forks graders on demand, from any thread; starts with the first. Leaving it stops those that still run."""

    def __init__(self, *, keeps_reserve: bool = False, is_warm: bool = False) -> None:
        """With a reserve, the next grader of the same exercise waits ready: for who grades again and again.

        A warm one forks the servers, too, from a Python that has imported Django and them (Linux).
        """
        self._options = [*(["--reserve"] if keeps_reserve else []), *(["--warm"] if is_warm else [])]
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._popen: subprocess.Popen[bytes] | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the forge
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def fork(self, order: Order, told: socket.socket, log: IO[bytes]) -> Forked:
        """A grader for this order. Raises CourseBug when the forge has ended."""
        line = {name: str(getattr(order, name)) for name in ("suite", "project", "run")}
        message = json.dumps({**line, "only": order.only, "codes": order.codes, "given": order.given}).encode() + b"\n"
        # One order at a time: the forge answers before it takes the next.
        with self._lock:
            control = self._started()
            reading, writing = os.pipe()
            with suppress(OSError):  # a forge that has ended is noticed by the pipe's end
                socket.send_fds(control, [message], [told.fileno(), log.fileno(), writing])
            os.close(writing)
            child = Forked(reading)
            if not child.has_begun(START_S):
                raise CourseBug(self._why())
        return child

    def close(self) -> None:
        """Have every grader that still runs stop its servers, then end."""
        self._is_closed = True
        if self._control is not None:
            with suppress(OSError):
                self._control.shutdown(socket.SHUT_RDWR)
        with self._lock:
            if self._control is not None and self._popen is not None:
                self._control.close()
                with suppress(subprocess.TimeoutExpired):
                    self._popen.wait(END_S)
                self._popen.kill()
                self._popen.wait()
            self._log.close()

    def _started(self) -> socket.socket:
        if self._is_closed:
            raise CourseBug("the forge of the graders is closed")
        if self._control is None:
            self._control, theirs = socket.socketpair()
            with theirs:
                self._popen = subprocess.Popen(
                    [*command(), "--forge", str(theirs.fileno()), *self._options],
                    env=environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=self._log,
                    stderr=subprocess.STDOUT,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
        return self._control

    def _why(self) -> str:
        """The sentence for a forge that does not answer: how it ended, and the last that it said."""
        how = "did not answer"
        if self._popen is not None:
            with suppress(subprocess.TimeoutExpired):
                code = self._popen.wait(1.0)
                how = f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"
        self._log.seek(0)
        said = self._log.read().decode(errors="replace").strip().splitlines()[-1:]
        return f"the process that graders are forked from {how}{''.join(f': {line}' for line in said)}"


class Forked:
    """A grader that was forked. The forge tells its pid, and when it has ended its return code, over a pipe."""

    def __init__(self, told: int) -> None:
        self._told = told
        self._lines: list[str] = []
        self._pending = b""
        self._forge_has_ended = False

    @property
    def pid(self) -> int:
        """As in Child. Only when it has begun."""
        return int(self._lines[0])

    def has_begun(self, within_s: float) -> bool:
        """Whether it was forked within so many seconds."""
        return self._has_lines(1, within_s)

    def has_ended(self, within_s: float = 0.0) -> bool:
        """As in Child."""
        if self._has_lines(2, within_s):
            return True
        return self._forge_has_ended and self._has_ended_alone(within_s)

    def signal(self, number: signal.Signals) -> None:
        """As in Child."""
        if not self.has_ended():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _has_lines(self, count: int, within_s: float) -> bool:
        end = time.monotonic() + within_s
        while len(self._lines) < count and not self._forge_has_ended:
            ready, _, _ = select.select([self._told], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                break
            chunk = os.read(self._told, LINE_BYTES)
            self._forge_has_ended = not chunk
            *lines, self._pending = (self._pending + chunk).split(b"\n")
            self._lines += [line.decode() for line in lines]
            if self._forge_has_ended or len(self._lines) == LINES:
                os.close(self._told)
        return len(self._lines) >= count

    def _has_ended_alone(self, within_s: float) -> bool:
        """The same without the forge: it is not our child, so its end can only be looked for."""
        import psutil

        try:
            psutil.Process(self.pid).wait(within_s)
        except psutil.NoSuchProcess:
            return True
        except psutil.TimeoutExpired:
            return False
        return True
