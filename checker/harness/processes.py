"""Child processes that we own to the end: own session, own log, clean environment, no leftovers.

Nothing here knows what a server is.
"""

from __future__ import annotations

import os
import pwd
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import psutil

from checker.harness.descendants import descendants, processes
from checker.harness.events import EventKind
from checker.harness.history import History
from checker.harness.log import Log
from checker.harness.memory import uncapped
from checker.harness.open_files import record_if_told
from checker.harness.run import Run
from course.errors import MachineLacks
from course.shared.ledger import session_members
from course.shared.leftovers import end_all, lives, outlive

STOP_GRACE_S = 5.0
KILL_DEADLINE_S = 10.0
LAST_GRACE_S = 2.0

# The only variables of the learner's shell that a server may see. WEB_CONCURRENCY, PORT, GUNICORN_CMD_ARGS,
# DJANGO_SETTINGS_MODULE, PYTHONPATH and their like would change what is graded.
KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "SYSTEMROOT")


class Started(Protocol):
    """Anything that was started and can be stopped: a Process, a Server, a Service."""

    @property
    def name(self) -> str:
        """Its name in logs and in the history."""
        ...

    @property
    def pid(self) -> int | None:
        """The leader of its session; None for a service that runs elsewhere."""
        ...

    def stop(self) -> list[str]:
        """Stop it and its family; records, and returns, the command lines of what it left behind."""
        ...


def clean_environment(folder: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a server: a few kept variables, `folder` as home and temp, and what the plan adds."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {
        **kept,
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        # A .pyc written within the same second as an edit of the same size would hide the edit.
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONNOUSERSITE": "1",
        **extra,
    }


class Process:
    """One started program: its pid leads a session, its output goes to a Log, its birth and death to the history."""

    def __init__(
        self,
        run: Run,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        log_name: str = "",
        pass_fds: Sequence[int] = (),
        user: str | None = None,
        stdin: int = subprocess.DEVNULL,
        stdout: int | None = None,
    ) -> None:
        """Start it with exactly this environment. Its log is `<log_name or name>.log` of the run, spaces as dashes.

        `stdin` and `stdout` are descriptors; without `stdout` all that it prints goes to the log, else stderr.
        `user` runs it as that existing user, which only root may ask. Raises MachineLacks.
        """
        self.name = name
        self._history = run.history
        self._stopped = False
        read_fd, write_fd = os.pipe()
        streams = (stdin, write_fd if stdout is None else stdout, write_fd)
        try:
            forked = None if user else run.nurseries.start(command, environment, folder, streams, pass_fds)
            with uncapped():
                self._popen = forked or subprocess.Popen(
                    command,
                    cwd=folder,
                    env=dict(environment),
                    stdin=streams[0],
                    stdout=streams[1],
                    stderr=streams[2],
                    pass_fds=pass_fds,
                    start_new_session=True,
                    user=user,
                    group=None if user is None else pwd.getpwnam(user).pw_gid,
                    extra_groups=None if user is None else (),
                )
        except OSError as error:
            os.close(read_fd)
            raise MachineLacks(
                f"{name} cannot be started: {error.filename or command[0]}: {error.strerror}",
                "`learn doctor` shows which programs are in use",
            ) from error
        finally:
            os.close(write_fd)
        self.pid = self._popen.pid
        try:
            run.ledger.add_process(self.pid)
        except OSError as error:
            self._kill_group()
            self._popen.wait()
            os.close(read_fd)
            raise MachineLacks(f"{run.ledger.path}: {error.strerror}", "make room on the disk") from error

        def overheard(output: bytes) -> None:
            record_if_told(run.history, name, output)
            run.overheard(name, output)

        file = f"{log_name or name}.log".replace(" ", "-")  # a name that a shell takes as it is
        self.log = Log(read_fd, run.folder / file, overheard=overheard)
        run.history.record(EventKind.PROCESS_STARTED, name=name, pid=self.pid)

    @property
    def returncode(self) -> int | None:
        """None while it runs; negative when a signal ended it, as in subprocess."""
        return self._popen.poll()

    @property
    def children(self) -> list[psutil.Process]:
        """All descendants."""
        return processes(pid for pid, _parent in descendants(self.pid))

    def wait(self, deadline_s: float) -> int | None:
        """The return code, or None when it still runs at the deadline. Waits for the pid, never for a pipe's end."""
        end_s = time.monotonic() + deadline_s
        if self._popen.returncode is None:
            _sleep_until_end(self.pid, deadline_s)
        with suppress(subprocess.TimeoutExpired):
            return self._popen.wait(max(0.0, end_s - time.monotonic()))
        return None

    def kill(self, deadline_s: float = STOP_GRACE_S) -> None:
        """End the process itself by SIGKILL, as a machine out of memory does; `stop` still has to sweep its family."""
        self._history.record(EventKind.PROCESS_KILLED, name=self.name, pid=self.pid)
        self._popen.kill()
        self.wait(deadline_s)

    def stop(
        self, first_signal: signal.Signals = signal.SIGTERM, grace_s: float = STOP_GRACE_S, *, midway: bool = False
    ) -> list[str]:
        """End it and its whole family. Returns the command lines of what it left behind (normally none).

        These go to the history as `process.left`, and so to a finding, whoever called. Not so `midway`: who is stopped
        in the middle of its work had no time to tidy up.
        """
        if self._stopped:
            return []
        self._stopped = True
        family = self.children
        if self._popen.poll() is None:
            self._popen.send_signal(first_signal)
            if self.wait(grace_s) is None:
                self._kill_group()
                self.wait(KILL_DEADLINE_S)
        left = self._sweep(family)
        self.log.close()
        if not midway:
            record_left(self._history, self.name, left)
        self._history.record(EventKind.PROCESS_ENDED, name=self.name, pid=self.pid, returncode=self._popen.returncode)
        return left

    def _sweep(self, family: list[psutil.Process]) -> list[str]:
        # A master that died before its time leaves no tree to follow; its session can still be told.
        def find() -> list[psutil.Process]:
            return [*family, *session_members(self.pid)]

        # A well-behaved server's children are gone, or about to be, once their master is.
        left = end_all(find) if outlive(find, LAST_GRACE_S) else []
        self._kill_group()
        return left

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def _sleep_until_end(pid: int, deadline_s: float) -> None:
    """Return when the process ends, or at the deadline; at once where the system has no descriptors of processes."""
    # Popen.wait looks again and again instead, in the end every 50 ms: half of that for each program that we wait for.
    with suppress(OSError, AttributeError):
        pid_fd = os.pidfd_open(pid)
        try:
            ending = select.poll()
            ending.register(pid_fd, select.POLLIN)
            ending.poll(max(0.0, deadline_s) * 1000)
        finally:
            os.close(pid_fd)


def record_left(history: History, server: str, command_lines: Iterable[str]) -> None:
    """Tell what outlived a server, by command lines: each becomes part of the finding `left-running`."""
    for command_line in command_lines:
        history.record(EventKind.PROCESS_LEFT, server=server, command=command_line)


def orphans(adopters: Sequence[int] = ()) -> list[psutil.Process]:
    """Processes that escaped their server (setsid, double fork) and became children of this one, or of these.

    Call it when all servers are stopped. Those that end by themselves within a moment are reaped and not told.
    """
    find = _adopted_by(adopters)
    return [process for process in find() if lives(process)] if outlive(find, LAST_GRACE_S) else []


def end_orphans(adopters: Sequence[int] = ()) -> list[str]:
    """End all those; returns their command lines."""
    find = _adopted_by(adopters)
    return end_all(find) if outlive(find, LAST_GRACE_S) else []


def _adopted_by(adopters: Sequence[int]) -> Callable[[], list[psutil.Process]]:
    return lambda: processes(pid for adopter in adopters or [os.getpid()] for pid, _parent in descendants(adopter))
