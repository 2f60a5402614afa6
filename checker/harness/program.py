"""A command-line program of the learner's: what it is told on stdin, what it says on stdout, how it ends.

What it prints on stderr is its log. Its lines go to the history, as `program.line`.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from checker.harness import tracebacks
from checker.harness.bounds import MOST_BYTES, MOST_PIECES, output_endless
from checker.harness.events import EventKind
from checker.harness.findings import NotYet
from checker.harness.idle import is_idle
from checker.harness.processes import Process, clean_environment
from checker.harness.run import Run
from checker.harness.waiting import wait_until
from course.model import Finding

CHUNK_BYTES = 65_536
OUTPUT_DEADLINE_S = 10.0
LAST_WORDS_DEADLINE_S = 2.0
LOOK_EVERY_S = 0.005
LAST_LINES = 6
SHOWN_CHARACTERS = 200


class Program:
    """One run of a command. `stdin` is what it reads there; None keeps it open, for `write` and `close_stdin`.

    One that prints on and on is killed; whoever then waits for it, or reads what it said, ends the check by that.
    """

    def __init__(
        self,
        run: Run,
        command: Sequence[str],
        *,
        name: str,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        stdin: bytes | None = b"",
    ) -> None:
        self.name = name
        self._run = run
        self._folder = folder or run.project
        self._said = bytearray()
        self._said_lines = 0
        self._is_endless = False
        self._ended = False
        self._changed = threading.Condition()
        stdin_fd, self._stdin = os.pipe()
        reading, stdout_fd = os.pipe()
        try:
            self.process = Process(
                run,
                name,
                command,
                environment=clean_environment(run.temporary, environment or {}),
                folder=self._folder,
                stdin=stdin_fd,
                stdout=stdout_fd,
            )
        finally:
            os.close(stdin_fd)
            os.close(stdout_fd)
        self._thread = threading.Thread(target=self._listen, args=(reading,), name=f"stdout {name}", daemon=True)
        self._thread.start()
        if stdin is not None:
            # On a thread of its own: a program that reads nothing would hold us up.
            given, self._stdin = self._stdin, -1
            threading.Thread(target=_feed, args=(given, stdin), name=f"stdin {name}", daemon=True).start()

    @property
    def pid(self) -> int:
        """The pid of the program itself."""
        return self.process.pid

    @property
    def stdout(self) -> bytes:
        """What it has said so far."""
        with self._changed:
            self._expect_bounded()
            return bytes(self._said)

    @property
    def lines(self) -> list[str]:
        """The whole lines it has said so far; the last one too, without its end, when it has ended."""
        with self._changed:
            self._expect_bounded()
            whole = self._said if self._ended else self._said[: self._said.rfind(b"\n") + 1]
            return whole.decode(errors="replace").splitlines()

    @property
    def errors(self) -> str:
        """What it has printed on stderr so far."""
        return self.process.log.text

    def wait_for(self, condition: Callable[[Program], bool], deadline_s: float = OUTPUT_DEADLINE_S) -> bool:
        """True as soon as `condition`, looked at after each piece of stdout and at its end; False at the deadline."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_endless or condition(self) or self._ended, deadline_s)
            self._expect_bounded()
            return condition(self)

    def wait(self, deadline_s: float) -> int | None:
        """Its return code, with all its output read; None when it still runs at the deadline."""
        returncode = self.process.wait(deadline_s)
        if returncode is not None:
            self._thread.join(LAST_WORDS_DEADLINE_S)
            self.process.log.wait_end(LAST_WORDS_DEADLINE_S)
        self._expect_bounded()
        return returncode

    def wait_idle(self, deadline_s: float = OUTPUT_DEADLINE_S) -> bool:
        """True as soon as it rests: all that it does by itself, it has done. False at the deadline."""
        return wait_until(lambda: is_idle(self.pid), deadline_s, unless_ended=self.process, every_s=LOOK_EVERY_S)

    def send_signal(self, number: signal.Signals) -> None:
        """As Ctrl-C (SIGINT) or `kill` would; nothing happens when it has ended."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def write(self, data: bytes) -> None:
        """Say something on its stdin; nothing happens when it no longer listens."""
        with suppress(OSError):
            os.write(self._stdin, data)

    def close_stdin(self) -> None:
        """End its stdin."""
        if self._stdin >= 0:
            stdin, self._stdin = self._stdin, -1
            os.close(stdin)

    def stop(self, *, midway: bool = False) -> list[str]:
        """Stop it and its family, as `Process.stop`; returns the command lines of what it left behind."""
        self.close_stdin()
        return self.process.stop(midway=midway)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def crashed(self, wanted: str) -> NotYet:
        """The finding for a program that ended by an error: the error, and the learner's own line in the traceback."""
        self.process.log.wait_end(LAST_WORDS_DEADLINE_S)
        died_of = tracebacks.last(self.errors, self._folder, self._run.given)
        ending = f"`{self.name}` {_ending(self.process.returncode)}"
        last = [f"  {line}" for line in self.process.log.last_lines(LAST_LINES)]
        saw = f"{ending}: {died_of.error}" if died_of else "\n".join([ending, *last])
        return NotYet(Finding("program-crashed", wanted, saw, died_of.where if died_of else None))

    def _expect_bounded(self) -> None:
        if self._is_endless:
            raise output_endless(f"what `{self.name}` prints", len(self._said))

    def _listen(self, reading: int) -> None:
        told = 0
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            while not self._is_endless and (chunk := pipe.read(CHUNK_BYTES)):
                self._run.overheard(self.name, chunk)
                with self._changed:
                    self._said += chunk
                    self._said_lines += chunk.count(b"\n")
                    self._is_endless = len(self._said) > MOST_BYTES or self._said_lines > MOST_PIECES
                    end = self._said.rfind(b"\n") + 1
                    fresh, told = bytes(self._said[told:end]), max(told, end)
                    for line in fresh.decode(errors="replace").splitlines():
                        self._run.history.record(EventKind.PROGRAM_LINE, name=self.name, line=line[:SHOWN_CHARACTERS])
                    self._changed.notify_all()
        if self._is_endless:
            self.process.kill()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def _feed(stdin_fd: int, data: bytes) -> None:
    with suppress(OSError), os.fdopen(stdin_fd, "wb", buffering=0) as stdin:
        while data:
            data = data[stdin.write(data) :]


def _ending(returncode: int | None) -> str:
    if returncode is None:
        return "still runs"
    if returncode < 0:
        return f"was ended by {signal.Signals(-returncode).name}"
    return f"ended with exit code {returncode}"
