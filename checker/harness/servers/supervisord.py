"""supervisord, for real, with the learner's own configuration, in the foreground and as whoever runs the checks.

The configuration gets what it cannot know from the environment: %(ENV_PORT)s, %(ENV_SUPERVISOR_SOCKET)s (the path of
the control socket), %(ENV_LOG_DIR)s, %(ENV_VIRTUAL_ENV)s. Of the rule of deployment/programs.py it has what PATH can
do: the bare names. Users that it names are never changed to.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote
from xml.parsers.expat import ExpatError
from xmlrpc.client import Error, ServerProxy, Transport

from checker.harness.deployment.commands import run_command
from checker.harness.deployment.control_group import Family
from checker.harness.deployment.programs import plain, programs
from checker.harness.deployment.told_errors import explained
from checker.harness.findings import NotYet
from checker.harness.http import Answer
from checker.harness.learner_files import expect_file_if_any
from checker.harness.log import last_lines
from checker.harness.run import Run
from checker.harness.site import Site
from checker.harness.waiting import wait_until
from course.model import Finding

# supervisord waits `stopwaitsecs` (10 by default) for its programs, and then kills them itself.
STOP_GRACE_S = 20.0
READY_DEADLINE_S = 40.0  # it takes a second before it starts anything, and tries again what fails
CTL_DEADLINE_S = 40.0
POLL_S = 0.1
LAST_LINES = 4
LAST_WORDS_DEADLINE_S = 5.0
# On a slow machine a program that fails at once may still last for `startsecs`, and is then started for ever.
ENOUGH_STARTS = 4
# Users that the file names hardly exist here, and only root could become one: whoever it is, it is us. Root stays root.
_AS_WE_ARE = """\
import os
from supervisor import datatypes, options, {module}
for module in (datatypes, options):
    module.name_to_uid = lambda name: os.getuid()
    module.gid_for_uid = lambda uid: os.getgid()
datatypes.name_to_gid = lambda name: os.getgid()
options.ServerOptions.drop_privileges = lambda self, user: None
{module}.main()
"""
# Where supervisorctl would ask, by the same configuration.
_ADDRESS = """\
import json, sys
from supervisor.options import ClientOptions
options = ClientOptions()
options.realize(["-c", sys.argv[1], "status"])
print(json.dumps([options.serverurl, options.username or "", options.password or ""]))
"""
UNIX = "unix://"


class Supervisor(Family):
    """A running supervisord, which is `process`, and the site that one of its programs serves at PORT."""

    def __init__(self, run: Run, name: str, config: str, environment: Mapping[str, str]) -> None:
        self.log_folder = run.folder / f"{name}-logs"
        shutil.rmtree(self.log_folder, ignore_errors=True)  # of one before this, where a stack stands again
        self.log_folder.mkdir()
        self._config = str(plain(run, run.project) / config)
        asked_for = {
            "PORT": "{port}",
            "SUPERVISOR_SOCKET": str(run.temporary / f"{name}.sock"),
            "LOG_DIR": str(plain(run, self.log_folder)),
            "VIRTUAL_ENV": sys.prefix,
        }
        path = f"{programs(run)}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        variables = {**asked_for, "PATH": path, **environment}
        # Files of its own that the learner may forget to name: they would lie in the project.
        own = ["--logfile", f"{run.temporary}/{name}.log", "--pidfile", f"{run.temporary}/{name}.pid"]
        super().__init__(run, name, [*_python("supervisord"), "-n", "-c", self._config, *own], environment=variables)
        self._environment = {key: value.replace("{port}", str(self.port)) for key, value in variables.items()}
        # What the configuration asks for, by its names in the environment: who calls supervisorctl needs the same.
        self.variables: Mapping[str, str] = {name: self._environment[name] for name in asked_for}
        self._address: _Address | None = None
        self._address_known = threading.Lock()
        # Asked for while it boots: that takes a Python of its own.
        self._finding = threading.Thread(target=self._ask, args=("getState",), name=f"{name}: address", daemon=True)
        self._finding.start()
        self._was_ready = False

    def expect_ready(self, path: str = "/", deadline_s: float = READY_DEADLINE_S) -> Answer:
        """The first answer, as `Site.expect_ready`. One that supervisord has given up is told with its last lines."""
        end = self.run.history.now() + deadline_s
        # It may have been started a while ago: what has failed since then counts too.
        before = self._failed_starts() if self._was_ready else 0

        def is_given_up() -> bool:
            return self._failed_starts() - before >= ENOUGH_STARTS

        wait_until(lambda: self.listens() or is_given_up(), deadline_s, unless_ended=self.process)
        left_s = 0.0 if is_given_up() else end - self.run.history.now()
        try:
            # A gunicorn without a worker that can start listens too, and breaks the connection when it ends.
            answer = Site.expect_ready(self, path, max(left_s, 1.0))
        except NotYet as silent:
            if silent.finding.code != "server-never-answered":
                raise
            raise self._with_program_logs(silent.finding) from None
        self._was_ready = True
        return answer

    def ctl(self, *arguments: str) -> str:
        """What the real supervisorctl says with the same configuration: `ctl("restart", "web")`. Blocks until done."""
        return self._run_python(_AS_WE_ARE.format(module="supervisorctl"), "-c", self._config, *arguments)

    def status(self) -> Mapping[str, str]:
        """The state of each program ("RUNNING", "FATAL", ...) by its name, with its group's if it has one ("shop:web").

        Empty when it cannot be asked as supervisorctl would: `ctl("status")` then says why.
        """
        return {_name_of(one): str(one["statename"]) for one in self._ask("getAllProcessInfo")}

    def status_told(self) -> str:
        """The same in words for a finding, however many programs there are, and however much supervisorctl says."""
        rows = [f"{name} {state}" for name, state in self.status().items()] or self.ctl("status").splitlines()
        return ", ".join(last_lines("\n".join(rows), LAST_LINES))

    def pid_of(self, program: str) -> int | None:
        """The pid that supervisord started for the program, named with or without its group; None if not running."""
        pids = (int(one["pid"]) for one in self._ask("getAllProcessInfo") if _is_called(_name_of(one), program))
        return next(pids, 0) or None

    def config_of(self, program: str) -> Mapping[str, Any]:
        """The settings of a program as supervisord has parsed them, by their names; empty when it does not say.

        Of any file that it includes, with its defaults filled in; `autorestart` is none of those it tells.
        """
        return next((one for one in self._ask("getAllConfigInfo") if one.get("name") == program), {})

    def wait_state(self, program: str, state: str, deadline_s: float, *, unless: Collection[str] = ()) -> bool:
        """True as soon as the program is in this state; False at the deadline, or when supervisord has ended.

        False too as soon as it is in one of the states that nobody has to wait in any longer.
        """
        decisive = {state, *unless}

        def decided() -> str:
            states = (now for name, now in self.status().items() if _is_called(name, program))
            return next((now for now in states if now in decisive), "")

        return wait_until(decided, deadline_s, unless_ended=self.process, every_s=POLL_S) == state

    def stop(self) -> list[str]:
        """Stop it, and with it its programs; returns the command lines of what it left behind."""
        left = self.process.stop(grace_s=STOP_GRACE_S)
        self._finding.join(CTL_DEADLINE_S)
        return [*left, *super().stop()]

    def _run_python(self, program: str, *arguments: str) -> str:
        command = [sys.executable, "-P", "-c", program, *arguments]
        said = run_command(self.run, command, self._environment, deadline_s=CTL_DEADLINE_S)
        return f"supervisorctl had not ended after {CTL_DEADLINE_S:.0f} s" if said.returncode is None else said.text

    def _failed_starts(self) -> int:
        """How often a program has ended; one that supervisord starts no more counts as ended often enough."""
        log = self.process.log.text
        return log.count(" exited: ") + ENOUGH_STARTS * log.count(" entered FATAL state")

    def _ask(self, question: str) -> Sequence[Mapping[str, Any]]:
        """What supervisord answers by XML-RPC, which is what supervisorctl asks by; nothing when it does not."""
        with suppress(ValueError, OSError, HTTPException, ExpatError, Error):
            answer = self._find_address().ask(question)
            return [dict(one) for one in answer] if isinstance(answer, list) else []
        return []

    def _find_address(self) -> _Address:
        with self._address_known:
            if self._address is None:
                self._address = _Address(*json.loads(self._run_python(_ADDRESS, self._config)))
            return self._address

    def _with_program_logs(self, finding: Finding) -> NotYet:
        """The same, with the programs' own last lines: supervisord's only tell that they ended."""
        ended = self.process.log.wait_for(" exited: ", LAST_WORDS_DEADLINE_S)
        told = "\n".join(file.read_text(errors="replace") for file in sorted(self.log_folder.iterdir()))
        lines = [*self.process.log.last_lines(LAST_LINES), *last_lines(told, LAST_LINES)]
        saw = "\n".join([finding.saw.partition("\n")[0], *(f"  {line}" for line in lines)])
        code = "server-exited" if ended else finding.code
        return explained(NotYet(replace(finding, code=code, saw=saw)), told, self.run)


@dataclass(frozen=True, slots=True)
class _Address:
    """Where supervisord is asked: `unix:///path` or `http://host:port`."""

    url: str
    username: str
    password: str

    def ask(self, question: str) -> Any:
        """Its answer to one question without arguments. Raises what xmlrpc.client does."""
        by_path = self.url.removeprefix(UNIX) if self.url.startswith(UNIX) else ""
        who = f"{quote(self.username, safe='')}:{quote(self.password, safe='')}@" if self.username else ""
        where = "localhost" if by_path else self.url.partition("://")[2].rstrip("/")
        with ServerProxy(f"http://{who}{where}/RPC2", transport=_Control(by_path)) as proxy:
            return getattr(proxy.supervisor, question)()


class _Control(Transport):
    """The way to supervisord: its control socket, or, without a path, the address that the proxy names."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> HTTPConnection:
        """As the library's, which knows TCP only and waits for ever."""
        connection = super().make_connection(host)
        connection.timeout = CTL_DEADLINE_S
        if self._path and connection.sock is None:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(CTL_DEADLINE_S)
            connection.sock.connect(self._path)
        return connection


def supervisord(
    run: Run,
    config: str = "deploy/supervisord.conf",
    *,
    environment: Mapping[str, str] | None = None,
    name: str = "supervisord",
) -> Supervisor:
    """Start supervisord by a file of the project. One that it refuses ends it at once, with the reason in its words."""
    expect_file_if_any(run.project, config)
    return Supervisor(run, name, config, environment or {})


def _python(module: str) -> list[str]:
    return [sys.executable, "-P", "-c", _AS_WE_ARE.format(module=module)]


def _name_of(told: Mapping[str, Any]) -> str:
    name, group = str(told["name"]), str(told["group"])
    return name if name == group else f"{group}:{name}"


def _is_called(name: str, program: str) -> bool:
    return program in {name, name.rpartition(":")[2]}
