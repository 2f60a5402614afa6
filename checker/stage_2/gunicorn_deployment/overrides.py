"""What a manager's own command and environment make of a profile: flags, GUNICORN_CMD_ARGS, or another file altogether.

The running master is asked: gunicorn prints its configuration once more, with the master's arguments and environment.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil

from checker.harness.containers.dockerfile import Dockerfile
from checker.harness.findings import fail
from checker.harness.processes import Process
from checker.harness.site import Site
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

Candidates = Sequence[tuple[str, SourceLine | None]]


def expect_profile_kept(site: Site, master_pid: int, profile: Profile, manager: str, lines: Candidates) -> None:
    """What this master was started with comes to what its profile says; else the line that changes it is the finding.

    `lines` are the manager's own that could: their text and their place, the command first.
    """
    now = _printed(site, master_pid)
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


def _has_printed(process: Process) -> bool:
    return _is_whole(printed_settings(process.log.text))


def _printed(site: Site, master_pid: int) -> Mapping[str, str] | None:
    """The configuration of the running master; None when gunicorn does not print it."""
    with suppress(psutil.Error, OSError):
        master = psutil.Process(master_pid)
        command, variables, folder = master.cmdline(), master.environ(), Path(master.cwd())
        own = {name: value for name, value in variables.items() if name not in OF_THE_MASTER}
        for number, place in enumerate(dict.fromkeys([folder, site.run.project]), 1):
            process = Process(
                site.run,
                f"gunicorn --print-config of {site.name}",
                [sys.executable, *command[1:], "--print-config"],
                environment={**own, "PYTHONUNBUFFERED": "1"},
                folder=place,
                log_name=f"configuration of {site.name} {number}",
            )
            try:
                # It goes on to load the project, which is not waited for.
                wait_until(partial(_has_printed, process), GENEROUS_S, unless_ended=process)
                told = printed_settings(process.log.text)
            finally:
                process.stop(midway=True)
            if _is_whole(told):
                return told
    return None
