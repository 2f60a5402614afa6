"""The grading child: `python -m checker --fd N --suite FOLDER --project FOLDER --run FOLDER`.

Started by course/checking.py. Reads a nonce from the descriptor, writes one event a line to it, and stops all that it
has started when the other end closes, on SIGTERM, or when the checks are done.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from importlib import import_module
from pathlib import Path
from types import FrameType, ModuleType

import pytest

import checker
from checker import fixtures
from checker.harness.history import History
from checker.harness.processes import adopt_orphans
from checker.harness.run import RUN, Run
from checker.reporter import Reporter
from course.model import CheckEvent
from course.shared.ledger import Ledger
from course.shared.wire import to_line

HERE = Path(__file__).resolve().parent
GIVE_UP_S = 20.0
# Ours is the only pytest plugin that takes part, besides the few that pytest cannot run without.
UNUSED_PLUGINS = ("cacheprovider", "terminal", "doctest", "unittest", "junitxml", "pastebin", "faulthandler",
                  "logging", "stepwise", "setuponly", "setupplan", "debugging", "legacypath", "threadexception",
                  "unraisableexception", "recwarn", "tmpdir", "monkeypatch", "subtests")  # fmt: skip


def main() -> int:
    """Run one exercise's checks; the verdict is what was told over the descriptor, never this exit code."""
    options = _options()
    told = socket.socket(fileno=options.fd)
    reader = told.makefile("r", encoding="utf-8")
    writer = told.makefile("w", encoding="utf-8")
    nonce = reader.readline().strip()
    ledger = Ledger(options.run / "ledger.jsonl")
    # Sockets lie here, and the path of a unix socket holds about 100 bytes: never inside the learner's folder.
    temporary = Path(tempfile.mkdtemp(prefix="learn-"))
    ledger.add_folder(temporary)

    def tell(event: CheckEvent) -> None:
        try:
            writer.write(to_line(event, nonce) + "\n")
            writer.flush()
        except OSError:
            os.kill(os.getpid(), signal.SIGTERM)  # nobody listens any more

    signal.signal(signal.SIGTERM, _interrupt)
    # A script's shell starts background jobs with SIGINT ignored, and programs that checks interrupt would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_follow_parent, args=(told, ledger), name="parent", daemon=True).start()
    adopt_orphans()
    try:
        with History(options.run / "history.jsonl", temporary / "probe") as history:
            run = Run(options.project, options.run, temporary, history, ledger)
            plugins = [*_fixtures(options.suite), _Given(run), Reporter(run, tell, frozenset(options.codes))]
            return int(pytest.main(_arguments(options.suite), plugins=plugins))
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        ledger.sweep()


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


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m checker", description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="a connected socket: nonce in, events out")
    parser.add_argument("--suite", type=Path, required=True, help="the exercise's room: its checks, test_*.py")
    parser.add_argument("--project", type=Path, required=True, help="the learner's folder")
    parser.add_argument("--run", type=Path, required=True, help="the folder for history, logs and ledger")
    parser.add_argument("--codes", nargs="*", default=(), help="the diagnoses that have hints: there are no others")
    return parser.parse_args()


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


if __name__ == "__main__":
    sys.exit(main())
