"""A service unit, run as systemd would run it, with its socket and its notifications. Needs no systemd, and no root.

Emulated: ExecStart, ExecReload and ExecStop with their quoting, variables and specifiers, Environment=,
EnvironmentFile= (of the project), WorkingDirectory=, socket activation, NotifyAccess=, KillSignal=, KillMode=,
TimeoutStopSec=. Only read: addresses (the port is the harness's own), User=, Restart=, ExecStartPre=, hardening.
Not emulated: Type=forking. Programs and the project's folder are found by the rule of deployment/programs.py.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path

from checker.harness.deployment.commands import run_command
from checker.harness.deployment.control_group import Governed, described, send
from checker.harness.deployment.programs import refused, translation
from checker.harness.events import EventKind
from checker.harness.learner_files import expect_file_if_any
from checker.harness.log import last_lines
from checker.harness.processes import record_left
from checker.harness.run import Run
from checker.harness.signals import signal_named
from checker.harness.systemd.command import Command
from checker.harness.systemd.notify import NotifySocket
from checker.harness.systemd.start import (
    activated,
    listen_variables,
    socket_names,
    start_command,
    unit_environment,
)
from checker.harness.systemd.unit import Unit, read_unit

STOP_CAP_S = 30.0  # of TimeoutStopSec, whose default is 90 s
COMMAND_DEADLINE_S = 20.0
LAST_LINES = 6


class SystemdService(Governed):
    """A running service; `unit` and `socket_unit` are what was read."""

    def __init__(
        self,
        run: Run,
        name: str,
        unit: Unit,
        socket_unit: Unit | None,
        *,
        environment: Mapping[str, str],
        installed_at: str,
    ) -> None:
        self.unit = unit
        self.socket_unit = socket_unit
        self.stopped_in_time: bool | None = None  # None until `stop`; False when TimeoutStopSec had to end it
        self._there = translation(run, (unit.value("WorkingDirectory").lstrip("-"), installed_at))
        sockets = socket_names(unit, socket_unit, run)
        port = {} if sockets else {"PORT": "{port}"}
        variables = {**unit_environment(unit, self._there), **port, **environment}
        command = activated(start_command(unit, self._there, variables, run), sockets)
        self._notify = NotifySocket(run, name, access=_notify_access(unit))
        super().__init__(
            run,
            name,
            command,
            environment={**variables, **listen_variables(sockets), **self._notify.environment},
            folder=run.project if unit.value("WorkingDirectory") else Path("/"),  # systemd's own is /
        )
        self._notify.main_pid = self.main_pid
        self._variables = {key: value.replace("{port}", str(self.port)) for key, value in variables.items()}

    @property
    def main_pid(self) -> int:
        """$MAINPID: the process that ExecStart became."""
        return self.process.pid

    @property
    def notified(self) -> tuple[str, ...]:
        """What the service told systemd so far, one entry each ("READY=1"); empty where systemd would not listen."""
        return self._notify.messages

    def wait_notified(self, deadline_s: float) -> bool:
        """True as soon as it has told READY=1, without which Type=notify never counts as started."""
        return self._notify.wait_ready(deadline_s)

    def reload(self) -> str:
        """Run ExecReload, as `systemctl reload` does. Returns what systemctl would complain of; empty when it went."""
        wanted = [command for command in self.unit.commands("ExecReload") if not command.fault]
        if not wanted:
            return f"Job type reload is not applicable for unit {self.unit.path.name}."
        self.run.history.record(EventKind.SYSTEMD_RELOAD, name=self.name)
        return next(filter(None, map(self._run, wanted)), "")

    def stop(self) -> list[str]:
        """Stop it by the unit's KillMode, KillSignal and TimeoutStopSec; returns who would live on.

        With the default KillMode nobody can. Blocks: a check that wants to watch calls it on a thread.
        """
        if self.stopped_in_time is not None:
            return []
        self.stopped_in_time = self._end()
        control_group = self.unit.value("KillMode", "control-group") in {"control-group", "mixed"}
        left = () if control_group else described(self.group.staying())
        self.group.kill()
        record_left(self.run.history, self.name, left)
        self.process.stop(midway=True)  # what else there is, systemd would have ended
        super().stop()
        self._notify.close()
        return list(left)

    def _end(self) -> bool:
        """Ask for the end; whether it came in time."""
        mode = self.unit.value("KillMode", "control-group")
        number = signal_named(self.unit.value("KillSignal")) or signal.SIGTERM
        grace_s = min(self.unit.seconds("TimeoutStopSec", STOP_CAP_S), STOP_CAP_S)
        for command in self.unit.commands("ExecStop"):
            self._run(command)
        if mode == "none":
            return True
        if mode == "control-group":
            send(self.group.members(), number)
            ended = self.process.wait(grace_s) is not None and not self.group.staying()
        else:
            if self.process.returncode is None:
                os.kill(self.main_pid, number)
            ended = self.process.wait(grace_s) is not None
        if not ended and self.process.returncode is None:
            self.process.kill()
        return ended

    def _run(self, command: Command) -> str:
        """Run one more command of the unit; what systemctl would complain of."""
        variables = {**self._variables, "MAINPID": str(self.main_pid)}
        program = None if command.fault else self._there.program(command.program, variables["PATH"])
        if program is None:
            return f"Failed to locate executable {command.program}: No such file or directory"
        vector = [program, *map(self._there.word, command.expanded(variables, self.unit.specifiers())[1:])]
        environment = {**variables, "LEARN_SERVER": self.name}
        said = run_command(self.run, vector, environment, deadline_s=COMMAND_DEADLINE_S)
        if said.returncode is None:
            return f"{command.program} had not ended after {COMMAND_DEADLINE_S:.0f} s"
        if said.returncode == 0 or "-" in command.prefixes:
            return ""
        return f"status={said.returncode}: " + "\n".join(last_lines(said.text, LAST_LINES))


def systemd(
    run: Run,
    service: str = "deploy/web.service",
    socket: str | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    name: str = "systemd",
    installed_at: str = "/srv/shop",
) -> SystemdService:
    """Start a service unit of the project, by its socket unit when that is named; else the port is passed as PORT.

    `environment` wins over the unit's. `installed_at` is where the project lies on the machine the unit is for, besides
    `WorkingDirectory=`. What systemd would refuse ends the check with the finding `server-exited`, in its words.
    """
    for file in filter(None, (service, socket)):
        expect_file_if_any(run.project, file)
    unit = read_unit(run.project / service)
    if not unit.path.is_file():
        raise refused("systemd", f"Unit {unit.path.name} not found.")
    socket_unit = read_unit(run.project / socket) if socket else None
    return SystemdService(run, name, unit, socket_unit, environment=environment or {}, installed_at=installed_at)


def _notify_access(unit: Unit) -> str:
    usual = "main" if unit.value("Type") in {"notify", "notify-reload"} else "none"
    return unit.value("NotifyAccess", usual)
