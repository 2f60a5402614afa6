"""What a manager's own command and environment make of a profile: flags, GUNICORN_CMD_ARGS, or another file altogether.

The running master is asked: gunicorn prints its configuration once more, with the master's arguments and environment.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from checker.harness.containers.dockerfile import Dockerfile
from checker.harness.findings import fail
from checker.harness.processes import Process
from checker.harness.run import Run
from checker.harness.site import Site
from checker.harness.systemd.start import is_activating
from checker.harness.systemd.unit import Unit
from checker.harness.waiting import wait_until
from checker.stage_2.gunicorn_deployment.kinds import Kind
from checker.stage_2.gunicorn_deployment.profiles import GENEROUS_S, Profile
from checker.stage_2.gunicorn_deployment.settings import printed_settings
from checker.stage_2.gunicorn_deployment.supervisor import program_setting
from course.model import SourceLine

# What the profiles' contracts rest on, and what sets it outside of a profile.
COMPARED = {
    "worker_class": ("-k", "--worker-class"),
    "workers": ("-w", "--workers", "WEB_CONCURRENCY"),
    "threads": ("--threads",),
    "timeout": ("-t", "--timeout"),
    "graceful_timeout": ("--graceful-timeout",),
    "keepalive": ("--keep-alive",),
    "worker_connections": ("--worker-connections",),
    "preload_app": ("--preload",),
    "reload": ("--reload",),
    "reuse_port": ("--reuse-port",),
}
CONFIG_FLAGS = ("-c", "--config")
# Of the master that runs: the one that only prints is no server of the run's, and has no sockets of systemd's.
OF_THE_MASTER = ("LEARN_SERVER", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET")
LOOK_EVERY_S = 0.01

Candidates = Sequence[tuple[str, SourceLine | None]]


class Printing:
    """A gunicorn that prints once more what this master was started with: begun at once, asked for later."""

    def __init__(self, run: Run, site: Site, master_pid: int, place: Path | None = None) -> None:
        """In this folder; where none is named, in the master's own."""
        self.site = site
        self.name = f"gunicorn --print-config of {site.name}"
        self.pid: int | None = None
        self.place = place
        self.master = master_pid, _command_of(master_pid)
        self._process: Process | None = None
        if is_activating(self.master[1]):  # run once more beside the first, it would take the service's port from it
            return
        with suppress(psutil.Error, OSError):
            master = psutil.Process(master_pid)
            self.place = place or Path(master.cwd())
            self._process = Process(
                run,
                self.name,
                [sys.executable, *self.master[1][1:], "--print-config"],
                environment={**_own_variables(master), "PYTHONUNBUFFERED": "1"},
                folder=self.place,
                log_name=f"configuration of {site.name} {1 if place is None else 2}",
            )
            self.pid = self._process.pid

    def is_of(self, master_pid: int) -> bool:
        """Whether this is the master that it was begun for, and was then what it is now: not yet a shell, say."""
        return self.master == (master_pid, _command_of(master_pid))

    def wait_told(self) -> Mapping[str, str] | None:
        """What it has printed; None when it prints no whole configuration."""
        if self._process is None:
            return None
        try:
            # It goes on to load the project, which is not waited for.
            wait_until(self._has_told, GENEROUS_S, unless_ended=self._process, every_s=LOOK_EVERY_S)
            return told if _is_whole(told := printed_settings(self._process.log.text)) else None
        finally:
            self.stop()

    def stop(self) -> list[str]:
        """End it, wherever it is."""
        return [] if self._process is None else self._process.stop(midway=True)

    def _has_told(self) -> bool:
        return self._process is not None and _is_whole(printed_settings(self._process.log.text))


def expect_profile_kept(begun: Printing, master_pid: int, profile: Profile, manager: str, lines: Candidates) -> None:
    """What this master was started with comes to what its profile says; else the line that changes it is the finding.

    `lines` are the manager's own that could: their text and their place, the command first. `begun` counts if it
    is of this master.
    """
    site = begun.site
    now = _printed(begun if begun.is_of(master_pid) else Printing(site.run, site, master_pid))
    if now is None:
        site.run.history.record(Kind.CONFIGURATION_NOT_PRINTED, server=site.name)
        return
    own = profile.settings.printed
    different = [name for name in COMPARED if _effective(now, name) != _effective(own, name)]
    if not different:
        return
    values = ", ".join(f"{name} = {_effective(now, name)} (profile: {_effective(own, name)})" for name in different)
    reads_another = Path(now.get("config", "")).name != Path(profile.file).name
    flags = CONFIG_FLAGS if reads_another else COMPARED[different[0]]
    fail(
        "not-the-profile",
        wanted=f"gunicorn under {manager} runs with what {profile.file} says",
        saw=f"its configuration file is {now.get('config')}: {values}" if reads_another else f"it runs with {values}",
        where=_line_with(flags, lines),
    )


def lines_of_supervisor(project: Path) -> Candidates:
    """The lines of [program:web] that can change a profile's settings."""
    return [program_setting(project, name) for name in ("command", "environment")]


def lines_of_systemd(unit: Unit, project: Path) -> Candidates:
    """The unit's lines that can."""
    file = unit.path.relative_to(project).as_posix()
    names = ("ExecStart", "Environment", "EnvironmentFile")
    return [(directive.value, SourceLine(file, directive.line)) for name in names for directive in unit.all(name)]


def lines_of_docker(file: Dockerfile, project: Path) -> Candidates:
    """The Dockerfile's lines that can."""
    names = ("CMD", "ENTRYPOINT", "ENV")
    steps = (step for name in names for step in reversed(file.lineage) if step.name == name)
    return [(step.value, SourceLine(file.path.relative_to(project).as_posix(), step.line)) for step in steps]


def _effective(told: Mapping[str, str], name: str) -> str:
    # gunicorn takes the threaded worker for a sync one with threads (gunicorn/config.py, worker_class_str).
    if name == "worker_class" and told[name] == "sync" and told["threads"] != "1":
        return "gthread"
    return told[name]


def _line_with(flags: Iterable[str], lines: Candidates) -> SourceLine | None:
    for text, place in lines:
        if place and any(re.search(rf"(?<![\w-]){re.escape(flag)}(?![a-zA-Z_-])", text) for flag in flags):
            return place
    return lines[0][1] if lines else None


def _is_whole(told: Mapping[str, str]) -> bool:
    return COMPARED.keys() <= told.keys()


def _printed(first: Printing) -> Mapping[str, str] | None:
    """The configuration of the running master; None when gunicorn does not print it."""
    told, project = first.wait_told(), first.site.run.project
    if told or first.place in (None, project):
        return told
    return Printing(first.site.run, first.site, first.master[0], project).wait_told()


def _command_of(pid: int) -> Sequence[str]:
    with suppress(psutil.Error):
        return psutil.Process(pid).cmdline()
    return ()


def _own_variables(master: psutil.Process) -> Mapping[str, str]:
    return {name: value for name, value in master.environ().items() if name not in OF_THE_MASTER}
