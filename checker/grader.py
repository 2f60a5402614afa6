"""One grading: runs an exercise's checks in this process, and tells each event over the socket that it was given.

The same for a grader that was started by itself and for one that was forked (forge.py). Reads a nonce from the socket,
writes one event a line to it, and stops all that it has started when the other end closes, on SIGTERM, or when the
checks are done.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import FrameType, ModuleType

import pytest

import checker
from checker import fixtures
from checker.cause import cause
from checker.harness import memory
from checker.harness.events import Facts
from checker.harness.history import History
from checker.harness.run import RUN, Run
from checker.reporter import Reporter
from course.model import CheckEvent, SuiteFinished
from course.shared import open_files
from course.shared.ledger import Ledger
from course.shared.prctl import adopt_orphans, refuse_inspection
from course.shared.temporary import folder as short_folder
from course.shared.wire import to_line

HERE = Path(__file__).resolve().parent
GIVE_UP_S = 20.0
# Ours is the only pytest plugin that takes part, besides the few that pytest cannot run without.
UNUSED_PLUGINS = ("cacheprovider", "terminal", "doctest", "unittest", "junitxml", "pastebin", "faulthandler",
                  "logging", "stepwise", "setuponly", "setupplan", "debugging", "legacypath", "threadexception",
                  "unraisableexception", "recwarn", "tmpdir", "monkeypatch", "subtests")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    """What to grade. `fd` is a connected socket; `only` names the checks to run, with what they need: none means all.

    `suite` is the exercise's room with its checks, `project` the learner's folder, `run` that for history and logs.
    `codes` are the diagnoses that have hints, each with the facts that these use, `given` the files that are as issued.
    """

    fd: int
    suite: Path
    project: Path
    run: Path
    only: tuple[str, ...] = ()
    codes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    given: tuple[str, ...] = ()


def grade(order: Order) -> int:
    """Run the checks; the verdict is what was told over the socket, never this exit code."""
    open_files.raise_limit()
    refuse_inspection()
    told = socket.socket(fileno=order.fd)
    reader = told.makefile("r", encoding="utf-8")
    writer = told.makefile("w", encoding="utf-8")
    nonce = reader.readline().strip()
    ledger = Ledger(order.run / "ledger.jsonl")

    def tell(event: CheckEvent) -> None:
        try:
            writer.write(to_line(event, nonce) + "\n")
            writer.flush()
        except OSError:
            os.kill(os.getpid(), signal.SIGTERM)  # nobody listens any more

    try:
        # Sockets lie here, and the path of a unix socket holds about 100 bytes: never inside the learner's folder.
        temporary = Path(tempfile.mkdtemp(prefix="learn-", dir=short_folder()))
        ledger.add_folder(temporary)
    except OSError as error:
        tell(SuiteFinished(seconds=0.0, trouble=f"this machine gives no room to work in: {error}"))
        return 1

    signal.signal(signal.SIGTERM, _interrupt)
    # A script's shell starts background jobs with SIGINT ignored, and `nohup` whatever it starts with SIGHUP ignored:
    # programs that checks interrupt, or whose terminal they close, would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    threading.Thread(target=_follow_parent, args=(told, ledger), name="parent", daemon=True).start()
    adopt_orphans()
    memory.cap()
    try:
        with History(order.run / "history.jsonl", temporary / "probe") as history:
            try:
                run = Run(order.project, order.run, temporary, history, ledger, frozenset(order.given))
                return _checked(order, run, tell)
            finally:
                if history.odd:
                    print(f"{history.odd} events from inside were none that a probe tells: left out")  # noqa: T201
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        ledger.sweep()


def _checked(order: Order, run: Run, tell: Callable[[CheckEvent], None]) -> int:
    try:
        shared = _fixtures(order.suite)
        run.history.hear(_kinds(order.suite))
    except Exception as error:  # noqa: BLE001  # an author's module may raise anything
        traceback.print_exc()
        tell(SuiteFinished(seconds=0.0, trouble=cause(error, order.suite)))
        return 1
    plugins = [*shared, _Given(run), Reporter(run, tell, order.suite, only=order.only, codes=order.codes)]
    return int(pytest.main(_arguments(order.suite), plugins=plugins))


class _Given:
    """Hands the run to the fixtures."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[RUN] = self._run


def _fixtures(suite: Path) -> list[ModuleType]:
    """Those of every check file, and those that the exercise's own files share."""
    # A course of somebody else's (LEARN_ROOMS): its check files import from their own rooms as ours do.
    rooms = str(suite.parents[1])
    if rooms not in checker.__path__:
        checker.__path__.append(rooms)
    if not (suite / "fixtures.py").is_file():
        return [fixtures]
    return [fixtures, import_module(f"checker.{suite.parent.name}.{suite.name}.fixtures")]


def _kinds(suite: Path) -> Mapping[str, Facts]:
    """What the exercise's own programs tell from inside, with the facts that each kind holds."""
    if not (suite / "kinds.py").is_file():
        return {}
    module = import_module(f"checker.{suite.parent.name}.{suite.name}.kinds")
    told: Mapping[str, Facts] = getattr(module, "TOLD_FROM_INSIDE", {})
    return told


def _arguments(suite: Path) -> list[str]:
    rooms = HERE.parent
    return [
        str(suite),
        f"--config-file={HERE / 'pytest.ini'}",
        f"--rootdir={rooms}",
        "--noconftest",
        "--import-mode=importlib",
        "--capture=no",
        *(f"-pno:{plugin}" for plugin in UNUSED_PLUGINS),
    ]


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    # pytest tears its fixtures down on KeyboardInterrupt, which stops every server. Once is enough.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _follow_parent(told: socket.socket, ledger: Ledger) -> None:
    """When `learn` is gone (even killed outright), stop as if told to; when that hangs, sweep and leave."""
    told.recv(1, socket.MSG_PEEK)
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GIVE_UP_S)
    ledger.sweep()
    os._exit(1)
