"""A container without docker: the command of a Dockerfile as the first process, in the learner's project.

Nothing is built: the packages and programs are those of this machine, found by the rule of
deployment/programs.py. USER is read and not obeyed. What is opened to all addresses is opened on loopback only. What
is real is what the file decides: which process is the first, and what a stop does to it.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from checker.harness.containers.dockerfile import Dockerfile, read
from checker.harness.deployment.control_group import Governed, described
from checker.harness.deployment.programs import refused, translation
from checker.harness.events import EventKind
from checker.harness.findings import NotYet
from checker.harness.http import Answer
from checker.harness.learner_files import expect_file_if_any
from checker.harness.run import Run
from checker.harness.signals import signal_named
from checker.harness.site import BOOT_DEADLINE_S
from checker.harness.waiting import wait_until

# On the path of its Python programs: gives them a container's network without opening this machine's.
NETWORK = Path(__file__).resolve().parents[1] / "containers" / "inside"


# What that tells: a port opened at all addresses, and one at a single address.
BOUND = (EventKind.CONTAINER_OPENED, EventKind.CONTAINER_BOUND)


class Container(Governed):
    """The running command of a Dockerfile; `dockerfile` is what was read."""

    def __init__(
        self,
        run: Run,
        name: str,
        command: list[str],
        *,
        dockerfile: Dockerfile,
        stop_signal: signal.Signals,
        environment: Mapping[str, str],
    ) -> None:
        self.dockerfile = dockerfile
        self._stop_signal = stop_signal
        super().__init__(run, name, command, environment=environment)

    @property
    def is_open(self) -> bool:
        """Whether a program has opened its port at all addresses, as in a container it must. Here it got loopback."""
        return any(e["server"] == self.name for e in self.run.history.events(EventKind.CONTAINER_OPENED))

    def expect_ready(self, path: str = "/", deadline_s: float = BOOT_DEADLINE_S) -> Answer:
        """The first answer, as `Site.expect_ready`."""
        try:
            return super().expect_ready(path, deadline_s)
        except NotYet as silent:
            finding = silent.finding
            raise NotYet(replace(finding, wanted=re.sub(r"^container ", "the container ", finding.wanted))) from None

    def wait_elsewhere(self, deadline_s: float) -> int:
        """The port of its own that it serves at instead of PORT. 0 as soon as it listens at PORT, or has ended."""

        def other_port() -> int:
            bound = [int(e["port"]) for e in self.run.history.events(*BOUND) if e["server"] == self.name]
            # gunicorn opens all its sockets before it has its first worker.
            return bound[-1] if bound and self.port not in bound and self.process.children else 0

        opened = wait_until(
            lambda: self.port if self.listens() else other_port(), deadline_s, unless_ended=self.process
        )
        return 0 if opened == self.port else opened

    def stop_as_docker(self, grace_s: float = 10.0) -> tuple[bool, tuple[str, ...]]:
        """Send STOPSIGNAL to the first process alone, as `docker stop` does: (ended in time?, who was left behind).

        Docker kills both at once: a first process that has not ended after the grace, and all others when it has.
        Blocks; `stop` has to sweep afterwards.
        """
        pid = self.process.pid
        if self.process.returncode is None:
            if not _would_reach(self._stop_signal, pid):
                return False, described(self.group.members())
            self.run.history.record(EventKind.CONTAINER_STOPPING, name=self.name, signal=self._stop_signal.name)
            os.kill(pid, self._stop_signal)
        if self.process.wait(grace_s) is None:
            return False, described(self.group.members())
        return True, described(self.group.staying())


def container(
    run: Run,
    dockerfile: str = "Dockerfile",
    *,
    environment: Mapping[str, str] | None = None,
    name: str = "container",
) -> Container:
    """Start what `docker run -e PORT=... -e ...` would, by a Dockerfile of the project.

    PORT and `environment` win over ENV, as with docker. The port it listens at must be PORT, whatever EXPOSE says.
    A file that gives nothing to start ends the check with the finding `server-exited`.
    """
    expect_file_if_any(run.project, dockerfile)
    file = read(run.project / dockerfile)
    place = file.place("ENTRYPOINT", run.project) or file.place("CMD", run.project)
    if not file.arguments:
        raise refused("docker", f"{dockerfile} has no CMD and no ENTRYPOINT: the container ends at once", place)
    stop_signal = signal_named(file.stop_signal)
    if stop_signal is None:
        raise refused("docker", f"invalid signal: {file.stop_signal}", file.place("STOPSIGNAL", run.project))
    there = translation(run, (file.workdir, "/app"))
    variables = there.values(file.environment)
    first, *rest = file.arguments
    program = there.program(first, variables["PATH"])
    if program is None:
        raise refused("docker", f'exec: "{first}": executable file not found in $PATH', place)
    command = [program, *map(there.word, rest)]
    variables = {**variables, "PORT": "{port}", **(environment or {}), "LEARN_PROBE": str(run.history.probe_socket)}
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, [str(NETWORK), variables.get("PYTHONPATH", "")]))
    return Container(run, name, command, dockerfile=file, stop_signal=stop_signal, environment=variables)


def _would_reach(number: signal.Signals, pid: int) -> bool:
    """Whether the signal would reach a container's first process, which has the number 1 there.

    Linux gives process 1 no signal that it has no handler for (pid_namespaces(7)). Outside of a container the same
    signal would end it, so this is looked up instead of tried.
    """
    if sys.platform != "linux":
        return True
    with suppress(OSError, StopIteration):
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        caught = int(next(line for line in status if line.startswith("SigCgt:")).split()[1], 16)
        return bool(caught >> (number - 1) & 1)
    return True
