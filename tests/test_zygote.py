"""Servers that are forked: what their code finds out about its process is as after a start by `python -P -m`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from checker.harness.processes import Process, clean_environment, end_orphans
from checker.harness.run import Run
from checker.harness.waiting import wait_until
from checker.harness.zygote import NONE, Nurseries, Zygotes
from course.shared.leftovers import lives
from tests.running import running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="zygotes are for Linux")

DEADLINE_S = 20.0
# What a server can find out about itself, but for what differs between any two of them.
TELLS_ITSELF = """
import asyncio, ctypes, gc, json, os, resource, signal, sys, threading

own = {"argv", "orig_argv", "flags", "path", "dont_write_bytecode", "warnoptions", "executable"}
print(json.dumps({
    **{name: str(getattr(sys, name)) for name in own},
    "main": [__name__, __file__, __spec__.name, sorted(vars(sys.modules["__main__"]))],
    "environment": dict(os.environ),
    "folder": os.getcwd(),
    "descriptors": sorted(int(name) for name in os.listdir("/proc/self/fd")),
    "leads": os.getpid() == os.getsid(0) == os.getpgrp(),
    "signals": {number.name: str(signal.getsignal(number)) for number in signal.valid_signals() if number < 32},
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "limits": [resource.getrlimit(kind) for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_AS)],
    "threads": [thread.name for thread in threading.enumerate()],
    "loop": asyncio._get_running_loop() is None,
    "finders": [getattr(finder, "__name__", type(finder).__name__) for finder in sys.meta_path],
    "hooks": [sys.excepthook is sys.__excepthook__, gc.isenabled()],
    "site": getattr(sys.modules.get("sitecustomize"), "FROM", None),
    "can_be_looked_into": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0),
    "input": sys.stdin.read(),
    "streams": [stream.encoding + str(stream.line_buffering) for stream in (sys.stdin, sys.stdout, sys.stderr)],
}, sort_keys=True))
"""
KNOWS = """
import sys
from django.apps import apps
from django.conf import settings
print(settings.configured, apps.ready, "twisted.internet.reactor" in sys.modules, "pytest" in sys.modules)
"""
PROJECT = {
    "tells_itself.py": TELLS_ITSELF,
    "sitecustomize.py": "FROM = 'the path'\n",
    "knows.py": KNOWS,
    "hashes.py": "print(hash('a'))\n",
    "exits.py": "import sys\nsys.exit(3)\n",
    "fails.py": "raise ValueError('not today')\n",
    "sleeps.py": "import signal\nprint('asleep')\nsignal.pause()\n",
    # A daemon: its own parent has gone, and left it in another session.
    "leaves.py": "import os, signal\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
    "        signal.pause()\n    os._exit(0)\nos.wait()\nprint('away')\nsignal.pause()\n",
}


@pytest.fixture(scope="module")
def zygotes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygotes]:
    with closing(Zygotes(clean_environment(tmp_path_factory.mktemp("home"), {}), 2)) as zygotes:
        yield zygotes


@pytest.fixture
def nurseries(zygotes: Zygotes) -> Iterator[Nurseries]:
    with closing(zygotes.nurseries()) as nurseries:
        yield nurseries


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with running(tmp_path, PROJECT) as run:
        yield run


@pytest.fixture
def start(run: Run, nurseries: Nurseries) -> Iterator[Callable[..., Process]]:
    """Starts a module of the project: forked, unless it is to be `cold`."""
    started = list[Process]()

    def start(
        module: str, *arguments: str, cold: bool = False, options: Sequence[str] = ("-P",), **more: str
    ) -> Process:
        process = Process(
            replace(run, nurseries=NONE if cold else nurseries),
            f"{module} {len(started)}",
            [sys.executable, *options, "-m", module, *arguments],
            environment=clean_environment(run.temporary, {"PYTHONPATH": str(run.project), **more}),
            folder=run.project,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.stop()


def is_forked(process: Process) -> bool:
    """Whether its parent is not this process."""
    return psutil.Process(process.pid).ppid() != os.getpid()


def said(process: Process) -> str:
    """All that it has printed, once it has ended."""
    assert process.wait(DEADLINE_S) is not None
    assert process.log.wait_end(DEADLINE_S)
    return process.log.text


def test_it_finds_itself_as_if_it_had_been_started(start: Callable[..., Process]) -> None:
    forked, cold = (json.loads(said(start("tells_itself", "--port", "1", cold=cold))) for cold in (False, True))
    for told in (forked, cold):  # of the sites that Python knows, each is there once
        assert told["site"] == "the path"
    assert forked == cold


def test_what_it_knows_are_modules_alone(start: Callable[..., Process]) -> None:
    assert said(start("knows")).split() == ["False"] * 4


@pytest.mark.parametrize(("module", "returncode", "last"), [("exits", 3, ""), ("fails", 1, "ValueError: not today")])
def test_its_end_is_told(start: Callable[..., Process], module: str, returncode: int, last: str) -> None:
    process = start(module)
    assert said(process).strip().endswith(last)
    assert process.returncode == returncode


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_ends_it_as_any_other(start: Callable[..., Process], number: signal.Signals) -> None:
    process = start("sleeps")
    assert process.log.wait_for("asleep", DEADLINE_S)
    assert process.returncode is None
    assert is_forked(process)
    process.stop(number)
    assert process.returncode == -number


def test_two_that_follow_each_other_hash_differently(start: Callable[..., Process]) -> None:
    assert len({said(start("hashes")) for _ in range(4)}) == 2


@pytest.mark.parametrize(
    ("options", "more"),
    [
        ((), {}),
        (("-P", "-X", "dev"), {}),
        (("-P",), {"WEBSOCKETS_MAX_LINE_LENGTH": "9"}),
        (("-P",), {"PYTHONUNBUFFERED": "yes"}),
        (("-P",), {"LD_PRELOAD": ""}),
    ],
)
def test_what_only_a_start_can_give_is_started(
    start: Callable[..., Process], options: Sequence[str], more: dict[str, str]
) -> None:
    process = start("sleeps", options=options, **more)
    assert process.log.wait_for("asleep", DEADLINE_S)
    assert not is_forked(process)


def test_what_leaves_it_is_found_with_its_nursery(nurseries: Nurseries, start: Callable[..., Process]) -> None:
    process = start("leaves")
    assert process.log.wait_for("away", DEADLINE_S)
    process.stop()
    (left,) = end_orphans(nurseries.pids)
    assert "zygote" in left
    assert end_orphans(nurseries.pids) == []


def test_nothing_outlives_its_grader(nurseries: Nurseries, start: Callable[..., Process]) -> None:
    process = start("leaves")
    assert process.log.wait_for("away", DEADLINE_S)
    family = [psutil.Process(pid) for pid in nurseries.pids]
    family += [each for nursery in family for each in nursery.children(recursive=True)]
    assert len(family) > len(nurseries.pids) + 1
    nurseries.close()
    assert wait_until(lambda: not any(map(lives, family)), DEADLINE_S)
    assert process.returncode == -signal.SIGKILL


def test_where_a_zygote_has_ended_servers_are_started(run: Run, tmp_path: Path) -> None:
    with closing(Zygotes(clean_environment(tmp_path, {}), 2)) as zygotes:
        for pid in zygotes.pids:
            os.kill(pid, signal.SIGKILL)
        with closing(zygotes.nurseries()) as nurseries:
            command = [sys.executable, "-P", "-m", "sleeps"]
            streams = (subprocess.DEVNULL, 1, 2)
            assert nurseries.start(command, clean_environment(tmp_path, {}), run.project, streams, ()) is None
