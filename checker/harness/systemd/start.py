"""What a service unit is started by: its command, its environment, its sockets."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from checker.harness.deployment.programs import Translation, refused
from checker.harness.learner_files import text_of
from checker.harness.run import Run
from checker.harness.systemd.unit import Unit

# Becomes the program itself, so that LISTEN_PID can be its pid. What it opens are the descriptors from 3 on.
_ACTIVATE = """\
import os, socket, sys
port, count, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
for number in range(3, 3 + count):
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port if number == 3 else 0))
    listening.listen(2048)
    os.set_inheritable(listening.fileno(), True)
    if listening.fileno() != number:
        os.dup2(listening.fileno(), number)
        listening.close()
    else:
        listening.detach()
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(program[0], program)
"""


def activated(command: Sequence[str], sockets: Sequence[str]) -> list[str]:
    """The command, with the sockets to be passed to it, the first of them at `{port}`."""
    if not sockets:
        return list(command)
    return [sys.executable, "-I", "-S", "-c", _ACTIVATE, "{port}", str(len(sockets)), *command]


def is_activating(command: Sequence[str]) -> bool:
    """Whether who runs by this command line has still to open the sockets, and is not the program yet."""
    return _ACTIVATE in command


def listen_variables(sockets: Sequence[str]) -> dict[str, str]:
    """What tells a service of its sockets (sd_listen_fds(3)), but for LISTEN_PID."""
    return {"LISTEN_FDS": str(len(sockets)), "LISTEN_FDNAMES": ":".join(sockets)} if sockets else {}


def start_command(unit: Unit, there: Translation, variables: Mapping[str, str], run: Run) -> list[str]:
    """The program's file and its arguments. What systemd would not start is a finding."""
    wanted, where = unit.commands("ExecStart"), unit.place("ExecStart", run.project)
    sound = [command for command in wanted if not command.fault]
    if not sound:
        faults = "".join(f"\n  {unit.path.name}:{command.line}: {command.fault}" for command in wanted)
        raise refused("systemd", f"{unit.path.name}: Service has no ExecStart=. Refusing.{faults}", where)
    if len(sound) > 1:
        only = "which is only allowed for Type=oneshot services"
        raise refused("systemd", f"{unit.path.name}: Service has more than one ExecStart= setting, {only}.", where)
    program = there.program(sound[0].program, variables["PATH"])
    if program is None:
        said = f"Failed to locate executable {sound[0].program}: No such file or directory (status=203/EXEC)"
        raise refused("systemd", said, where)
    return [program, *map(there.word, sound[0].expanded(variables, unit.specifiers())[1:])]


def socket_names(unit: Unit, socket_unit: Unit | None, run: Run) -> list[str]:
    """The names of the sockets to pass, in the order of their descriptors; none without a socket unit."""
    if socket_unit is None:
        return []
    file = socket_unit.path.name
    streams = socket_unit.all("ListenStream")
    if not socket_unit.path.is_file():
        raise refused("systemd", f"Unit {file} not found.")
    if not streams:
        raise refused("systemd", f"{file}: Unit has no Listen setting (ListenStream=, ListenDatagram=, ...). Refusing.")
    started = socket_unit.value("Service", f"{socket_unit.path.stem}.service")
    if started != unit.path.name:
        where = socket_unit.place("Service", run.project)
        raise refused("systemd", f"{file} starts {started}: Unit {started} not found.", where)
    return [socket_unit.value("FileDescriptorName", file)] * len(streams)


def unit_environment(unit: Unit, there: Translation) -> dict[str, str]:
    """What `Environment=`, and `EnvironmentFile=` where that is a file of the project, give to the service."""
    variables = unit.environment()
    for directive in unit.all("EnvironmentFile"):
        file = Path(there.word(directive.value.removeprefix("-")))
        if file.is_relative_to(there.project):  # one of /etc is not here, and needs not be
            lines = (line.strip() for line in text_of(file).splitlines())
            pairs = [line.partition("=") for line in lines if "=" in line and not line.startswith(("#", ";"))]
            variables |= {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}
    return there.values(variables)
