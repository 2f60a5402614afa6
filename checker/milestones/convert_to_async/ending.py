"""The `web` line of the Procfile, started as a platform does it, and told to end while two exports are under way."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from checker.harness import starters
from checker.harness.deployment.programs import programs
from checker.harness.events import EventKind
from checker.harness.findings import NotYet, fail
from checker.harness.gate import Gate
from checker.harness.idle import Rest
from checker.harness.learner_files import expect_text
from checker.harness.lines import line_matching
from checker.harness.run import Run
from checker.harness.site import SelfBound, Site
from checker.harness.waiting import wait_until
from checker.milestones.convert_to_async import places
from checker.milestones.convert_to_async.depot import PATIENCE_S, Depot
from checker.milestones.convert_to_async.stack import variables_for
from course.model import SourceLine
from course.shared.leftovers import lives

PROCFILE = "Procfile"
WEB = re.compile(r"^web:\s*(\S.*)$", re.MULTILINE)
LOOK_EVERY_S = 0.02
BOOT_S = 40.0
LAST_LINES = 6
POLLS_S = 4.0  # who looks again and again whether all is done rests in between
SURE_S = 1.0  # who has rested for so long waits for what the Gate holds
EXPORTS = "exports-of-web"


@dataclass(frozen=True, slots=True)
class Family:
    """All processes of a web command: a shell may stand before the server, and end before it. As Rest wants it."""

    name: str
    pid: int
    children: list[psutil.Process]

    @classmethod
    def of(cls, server: Site) -> Family:
        """Those that live now."""
        return cls(server.name, server.pid, server.process.children)

    @property
    def _members(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            return [psutil.Process(self.pid), *self.children]
        return self.children

    @property
    def commands(self) -> list[str]:
        """Their command lines, the server's last."""
        found = []
        for member in self._members:
            with suppress(psutil.Error):
                found.append(" ".join(member.cmdline()))
        return found

    def end(self, run: Run) -> None:
        """SIGTERM to all of them, as platforms do that start a Procfile."""
        run.history.record(EventKind.PROCESS_SIGNALLED, server=self.name, pid=self.pid, signal="SIGTERM")
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGTERM)

    def wait(self, deadline_s: float) -> int | None:
        """0 once none lives, None when one still does at the deadline."""
        return 0 if wait_until(self._are_gone, deadline_s, every_s=LOOK_EVERY_S) else None

    def ends_by_itself(self, rest_s: float) -> bool:
        """Whether they end; not when they rest for so long."""
        return wait_until(self._are_gone, 2 * PATIENCE_S, unless_ended=Rest(self, rest_s))

    def _are_gone(self) -> bool:
        return not any(lives(member) for member in self._members)


@dataclass(slots=True)
class Ending:
    """What came of it. `is_uvicorn` by the command lines of its processes; `kept` are the exports that lie there."""

    commands: list[str]
    exports: list[str]
    answered: int = 0  # how many of the calls had been answered when it ended
    ended: bool = True
    started_again: bool = False
    kept: list[str] = field(default_factory=list)
    failure: NotYet | None = None  # what came between

    @property
    def is_uvicorn(self) -> bool:
        """Whether one of its processes is uvicorn's."""
        return any("uvicorn" in command for command in self.commands)


def watch_ending(run: Run, start: starters.SelfBound, gate: Gate, exports: list[str]) -> Ending:
    """Start it, begin these exports, tell it to end, let the ministry answer one after the other; look what is kept."""
    with _started(run, start, gate, "web") as web:
        ending = Ending(Family.of(web.server).commands, exports)
        if ending.is_uvicorn:
            try:
                _end(run, web, gate, ending)
            except NotYet as told:
                ending.failure = told
    gate.open()
    ending.kept = _kept(run, exports)
    has_lost = ending.is_uvicorn and ending.ended and not ending.failure and len(ending.kept) < len(exports)
    if has_lost:  # unless the next start takes them up
        with _started(run, start, gate, "web again") as again:
            ending.started_again = True
            heirs = Family.of(again.server)
            wait_until(lambda: len(_kept(run, exports)) == len(exports), PATIENCE_S, unless_ended=Rest(heirs))
            ending.kept = _kept(run, exports)
            heirs.end(run)
            heirs.wait(PATIENCE_S)
    return ending


def _end(run: Run, web: Depot, gate: Gate, ending: Ending) -> None:
    family, exports = Family.of(web.server), ending.exports
    web.sign_in()
    for name in exports:
        web.server.expect_answer(web.send(f"/export/{name}/", method="POST"))
    if not web.wait_held([_tag(name) for name in exports]):
        saw = f"{' and '.join(gate.held) or 'nothing'} was asked for"
        wanted = f"the web process asks the ministry for {' and '.join(exports)}"
        fail("export-lost", wanted=wanted, saw=saw, where=places.begins_exports(run))
    family.end(run)
    for answered, name in enumerate(exports):
        ending.answered = answered
        if ended := family.ends_by_itself(SURE_S):
            break
        gate.release(_tag(name))
    else:
        ending.answered, ended = len(exports), family.ends_by_itself(POLLS_S)
    ending.ended = ended


def web_line(run: Run) -> SourceLine | None:
    """The line of the Procfile that starts the web process."""
    return line_matching(run.project, PROCFILE, [r"web:"])


@contextmanager
def _started(run: Run, start: starters.SelfBound, gate: Gate, name: str) -> Iterator[Depot]:
    """The web command; what of it still runs afterwards is nobody's fault: it was not told to end, or is told of."""
    found = WEB.search(expect_text(run.project, PROCFILE))
    if found is None:
        fail(
            "web-command",
            wanted="the Procfile has a line `web: COMMAND`",
            saw="there is none",
            where=SourceLine(PROCFILE, 1),
        )
    path = os.pathsep.join([str(programs(run)), os.environ.get("PATH", os.defpath)])
    environment = {**variables_for(run, gate, EXPORTS), "PORT": "{port}", "PATH": path}
    server: SelfBound = start(name, ["/bin/sh", "-c", found[1]], environment=environment)
    try:
        is_listening = wait_until(server.listens, BOOT_S, unless_ended=Rest(server.process))
        if not is_listening and server.process.returncode is None:
            wanted = f"the web command listens at port {server.port}, which it finds in PORT"
            saw = "\n  ".join(["it does not", *server.process.log.last_lines(LAST_LINES)])
            fail("web-command", wanted=wanted, saw=saw, where=web_line(run))
        server.expect_ready("/ping/")
        yield Depot(name, server, gate)
    finally:
        server.process.stop(signal.SIGKILL, midway=True)


def _tag(export: str) -> str:
    return f"export-{export}"


def _kept(run: Run, exports: list[str]) -> list[str]:
    folder: Path = run.temporary / EXPORTS
    return [name for name in exports if (folder / f"{name}.txt").is_file()]
