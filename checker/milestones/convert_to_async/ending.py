"""The `web` line of the Procfile, started as a platform does it, and told to end while exports are under way."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from checker.harness import starters
from checker.harness.deployment.programs import programs
from checker.harness.findings import NotYet, fail
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.idle import Rest
from checker.harness.learner_files import expect_text
from checker.harness.lines import line_matching
from checker.harness.run import Run
from checker.harness.site import SelfBound
from checker.harness.waiting import wait_until
from checker.milestones.convert_to_async import places
from checker.milestones.convert_to_async.depot import PATIENCE_S, Depot
from checker.milestones.convert_to_async.family import Family
from checker.milestones.convert_to_async.stack import variables_for
from course.model import SourceLine

PROCFILE = "Procfile"
WEB = re.compile(r"^web:\s*(\S.*)$", re.MULTILINE)
BOOT_S = 40.0
LAST_LINES = 6
POLLS_S = 4.0  # who looks again and again whether all is done rests in between
SURE_S = 1.0  # who has rested for so long waits for what the Gate holds
LATE_S = 0.5  # who ends so long after the last export is looked at again
EXPORTS = "exports-of-web"


@dataclass(slots=True)
class Ending:
    """What came of it. `is_uvicorn` by the command lines of its processes; `kept` are the exports that lie there."""

    commands: list[str]
    exports: list[str]
    answered: int = 0  # how many of the calls had been answered when it ended
    ended: bool = True
    took_s: float = 0.0  # from SIGTERM to its end
    late_s: float = 0.0  # from the last answer to its end
    earlier_s: float = 0.0  # how long it had taken the time before, with nothing left to wait for
    started_again: bool = False
    told: list[object] = field(default_factory=list)  # the state of each, by each of several processes
    told_again: list[object] = field(default_factory=list)  # the state of those that the next start took up
    kept: list[str] = field(default_factory=list)
    failure: NotYet | None = None  # what came between

    @property
    def is_uvicorn(self) -> bool:
        """Whether one of its processes is uvicorn's."""
        return any("uvicorn" in command for command in self.commands)


def watch_ending(run: Run, start: starters.SelfBound, gate: Gate, exports: list[str]) -> Ending:
    """Start it, begin half of these exports, tell it to end, let the ministry answer them one after the other.

    Who ends a while after the last answer may have waited for a time, and not for the exports: that one is tried once
    more, with the other half, and the ministry takes longer than it waited.
    """
    half = len(exports) // 2
    ending = _watch(run, start, gate, exports[:half], SURE_S)
    if ending.ended and not ending.failure and ending.late_s > LATE_S:
        earlier_s = ending.took_s
        ending = _watch(run, start, gate, exports[half:], earlier_s + SURE_S)
        ending.earlier_s = earlier_s
    return ending


def _watch(run: Run, start: starters.SelfBound, gate: Gate, exports: list[str], hold_s: float) -> Ending:
    gate.reset()
    with _started(run, start, gate, "web") as web:
        ending = Ending(Family.of(web.server).commands, exports)
        if ending.is_uvicorn:
            try:
                _end(run, web, gate, ending, hold_s)
            except NotYet as told:
                ending.failure = told
    ending.kept = _kept(run, exports)
    has_lost = ending.is_uvicorn and ending.ended and not ending.failure and len(ending.kept) < len(exports)
    if has_lost:  # unless the next start takes them up
        try:
            _start_again(run, start, gate, ending)
        except NotYet as told:
            ending.failure = told
    gate.open()
    return ending


def _end(run: Run, web: Depot, gate: Gate, ending: Ending, hold_s: float) -> None:
    family, exports = Family.of(web.server), ending.exports
    web.sign_in()
    for name in exports:
        web.server.expect_answer(web.send(f"/export/{name}/", method="POST"))
    if not web.wait_held([_tag(name) for name in exports]):
        saw = f"{' and '.join(gate.held) or 'nothing'} was asked for"
        wanted = f"the web process asks the ministry for {' and '.join(exports)}"
        fail("export-lost", wanted=wanted, saw=saw, where=places.begins_exports(run))
    serving = family.serving(web.server.port)
    for one in serving if len(serving) > 1 else []:
        with family.all_but(one):
            ending.told += [_told(web, name) for name in exports]
    signalled = answered_last = History.now()
    family.end(run)
    for answered, name in enumerate(exports):
        ending.answered = answered
        if ended := family.ends_by_itself(SURE_S if answered else hold_s):
            break
        gate.release(_tag(name))
        answered_last = History.now()
    else:
        ending.answered, ended = len(exports), family.ends_by_itself(POLLS_S)
        ending.late_s = History.now() - answered_last
    ending.ended, ending.took_s = ended, History.now() - signalled


def _start_again(run: Run, start: starters.SelfBound, gate: Gate, ending: Ending) -> None:
    """The next start: what it tells of the exports that it takes up, and which are kept in the end."""
    gate.reset()
    with _started(run, start, gate, "web again") as again:
        ending.started_again = True
        family = Family.of(again.server)
        again.sign_in()

        def are_kept() -> bool:
            for name in [name for name in ending.exports if _tag(name) in gate.held]:
                ending.told_again.append(_told(again, name))
                gate.release(_tag(name))
            ending.kept = _kept(run, ending.exports)
            return len(ending.kept) == len(ending.exports)

        wait_until(are_kept, PATIENCE_S, unless_ended=Rest(family))
        family.end(run)
        family.wait(PATIENCE_S)


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
        if not is_listening and gate.held:  # it serves nobody before what it has taken up is done
            gate.open()
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


def _told(web: Depot, export: str) -> object:
    """The state that GET tells of it."""
    body = web.server.expect_answer(web.send(f"/export/{export}/")).json()
    return body.get("state") if isinstance(body, dict) else None


def _kept(run: Run, exports: list[str]) -> list[str]:
    folder: Path = run.temporary / EXPORTS
    return [name for name in exports if (folder / f"{name}.txt").is_file()]
