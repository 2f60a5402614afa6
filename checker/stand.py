"""An exercise's own stack, standing: what `learn run` starts in place of a grader, by the function in its stack.py.

Tells over the socket where everything is, each line that a program prints, who has ended by himself, and whom the Gate
holds (course/shared/standing.py). Nothing is judged, and nothing grows for ever: of what happens the latest is kept.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from checker import session
from checker.cause import cause
from checker.child import Line, NoRoom, at_work
from checker.harness.findings import NotYet
from checker.harness.gate import Gate
from checker.harness.gate_page import GatePage
from checker.harness.history import History
from checker.harness.log import printable
from checker.harness.processes import Process, Started
from checker.harness.program import Program
from checker.harness.run import Run
from checker.harness.service import Service
from checker.harness.site import Site
from checker.harness.stack import Stack
from checker.harness.stand import Stand
from checker.log_folders import LogFolders
from course.errors import MachineLacks
from course.model import ExitStatus
from course.shared.standing import FIRST_PORT, Ended, Said, StandEvent, Trouble, Up, to_line

GATE, PAGE = "gate", "gate page"
MOST_EVENTS = 10_000
LOOK_EVERY_S = 0.1

Tell = Callable[[StandEvent], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to stand: `fd`, `suite`, `project` and `run` as in a grader's.

    `ports` is where it stood before, `chosen` which of what it offers, by kind of choice.
    """

    fd: int
    suite: Path
    project: Path
    run: Path
    ports: Mapping[str, int] = field(default_factory=dict)
    chosen: Mapping[str, str] = field(default_factory=dict)


def stand(order: Order) -> int:
    """Stand until the other end closes, or SIGTERM comes."""
    line = Line(order.fd)

    def tell(event: StandEvent) -> None:
        line.tell(to_line(event))

    try:
        with (
            at_work(line, order.run) as (temporary, ledger),
            History(Path(os.devnull), temporary / "probe", MOST_EVENTS) as history,
        ):
            heard = _Lines(tell)
            run = Run(
                order.project,
                order.run,
                temporary,
                history,
                ledger,
                port=Ports(order.ports),
                overheard=heard.overheard,
            )
            return _standing(order, run, tell)
    except NoRoom as none:
        tell(Trouble(str(none), "make room on the disk", ExitStatus.MACHINE_LACKS))
        return 1


def _standing(order: Order, run: Run, tell: Tell) -> int:
    suite = order.suite
    try:
        plugins = session.prepared(suite, run)
    except Exception as error:  # noqa: BLE001  # an author's module may raise anything
        tell(_trouble(error, suite))
        return 1
    file = suite / "stack.py"
    options = ("--override-ini=python_files=stack.py", "--override-ini=python_functions=stand")
    return session.main(file, [*plugins, _Keeper(run, tell, order)], *options)


class _Keeper:
    """The plugin that calls an exercise's `stand` with the fixtures it asks for, and keeps what it starts."""

    def __init__(self, run: Run, tell: Tell, order: Order) -> None:
        self._run = run
        self._tell = tell
        self._suite = order.suite
        self._chosen = order.chosen

    @pytest.fixture(scope="session")
    def chosen(self) -> Mapping[str, str]:
        """What the learner has chosen of the stack's CHOICES, by kind of choice."""
        return self._chosen

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Start nothing where something is chosen that the stack does not offer."""
        for item in list(items):
            offered = getattr(item.module, "CHOICES", {}) if isinstance(item, pytest.Function) else {}
            if refusal := _refusal(self._suite.name, self._chosen, offered):
                self._tell(refusal)
                items.remove(item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        """In place of a test's call."""
        given: dict[str, Any] = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}  # noqa: SLF001
        stack: Stack = pyfuncitem._request.getfixturevalue("stack")  # noqa: SLF001
        stood: Stand = pyfuncitem.obj(**given)
        with ExitStack() as closing:
            is_asked = GATE in pyfuncitem.fixturenames  # by itself, or by a fixture that it takes
            gate: Gate | None = pyfuncitem._request.getfixturevalue(GATE) if is_asked else None  # noqa: SLF001
            page = closing.enter_context(GatePage(gate, self._run.port(PAGE))) if gate else None
            self._tell(_up(stood, gate, page))
            if gate:
                gate.answer = stood.answer
            self._keep(stack, gate, stood.passes, LogFolders(stood.logs, _Lines(self._tell).overheard))
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> object:
        """Tell what kept it from standing."""
        if call.excinfo is not None and call.when != "teardown":
            self._tell(_trouble(call.excinfo.value, self._suite))
        return (yield)

    def _keep(self, stack: Stack, gate: Gate | None, passes: Callable[[str], bool], logs: LogFolders) -> None:
        gone: set[str] = set()
        held: list[str] = []
        while True:
            for one in stack.started:
                code = _returncode(one)
                if code is not None and one.name not in gone and not (code == 0 and isinstance(one, Process)):
                    gone.add(one.name)
                    self._tell(Ended(one.name, code))
            if gate:
                for tag in filter(passes, gate.held):
                    gate.release(tag)
                if gate.held != held:
                    held = gate.held
                    self._tell(Said(GATE, f"holds {', '.join(map(printable, held))}" if held else "holds nobody"))
            logs.look()
            time.sleep(LOOK_EVERY_S)


class Ports:
    """Where servers are to stand: where they stood before, else at 8000 and the ports after it, as lessons have it."""

    def __init__(self, before: Mapping[str, int]) -> None:
        self._given = dict(before)

    def __call__(self, name: str) -> int:
        """The port for the server of this name; 0 for any."""
        if name in (GATE, PAGE):
            return self._given.get(name, 0)
        return self._given.setdefault(name, FIRST_PORT + sum(other not in (GATE, PAGE) for other in self._given))


class _Lines:
    """Puts lines together from the pieces that programs print."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._begun: dict[str, bytes] = {}

    def overheard(self, name: str, output: bytes) -> None:
        """One piece. Each program has a thread of its own that calls this."""
        *lines, rest = (self._begun.get(name, b"") + output).split(b"\n")
        self._begun[name] = rest[-MOST_EVENTS:]
        for line in lines:
            self._tell(Said(name, printable(line.decode(errors="replace").rstrip())))


def _refusal(exercise: str, chosen: Mapping[str, str], offered: Mapping[str, Sequence[str]]) -> Trouble | None:
    for kind, name in chosen.items():
        if kind not in offered:
            return Trouble(f"{exercise} has no --{kind}.", "`learn run` starts all of it.", ExitStatus.USAGE)
        if name not in offered[kind]:
            names = ", ".join(offered[kind])
            return Trouble(f"{exercise} has no {kind} {name!r}.", f"It has: {names}.", ExitStatus.USAGE)
    return None


def _up(stood: Stand, gate: Gate | None, page: GatePage | None) -> Up:
    ports = {site.name: site.port for site in stood.sites}
    if gate and page:
        ports |= {GATE: gate.port, PAGE: page.port}
    return Up(
        sites=tuple((site.name, site.url) for site in stood.sites),
        gate=gate.url if gate else "",
        page=page.url if page else "",
        variables=dict(stood.variables),
        ports=ports,
    )


def _trouble(error: BaseException, suite: Path) -> Trouble:
    match error:
        case NotYet(finding=finding):
            at = f" ({finding.where.file}:{finding.where.line})" if finding.where else ""
            return Trouble(f"wanted: {finding.wanted}\nsaw: {finding.saw}{at}", "", ExitStatus.NOT_YET)
        case MachineLacks():
            return Trouble(error.wrong, error.remedy, ExitStatus.MACHINE_LACKS)
        case _:
            return Trouble(cause(error, suite), "", ExitStatus.COURSE_BUG)


def _returncode(one: Started) -> int | None:
    match one:
        case Process():
            return one.returncode
        case Site() | Program():
            return one.process.returncode
        case Service(process=Process() as process):
            return process.returncode
        case _:
            return None
