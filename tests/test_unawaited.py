"""checker/harness/unawaited.py: coroutines that nobody awaited, as the log of a program tells."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from checker.harness.processes import Process, clean_environment
from checker.harness.run import Run
from checker.harness.unawaited import Unawaited, wait_unawaited
from course.model import SourceLine
from tests.running import running

FORGETS = """\
import asyncio

async def ring():
    pass

def answer():
    ring()

for _ in range(2):
    answer()
asyncio.sleep(1)
"""
DEADLINE_S = 60.0


@dataclass
class Examined:
    """A program in place of a server."""

    run: Run
    process: Process
    name: str = "program"


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Examined]:
    """One that forgets to await, twice on one line, and tells of each time."""
    with running(tmp_path, {"program.py": FORGETS}) as run:
        environment = clean_environment(run.temporary, {"PYTHONWARNINGS": "always"})
        command = [sys.executable, str(run.project / "program.py")]
        process = Process(run, "program", command, environment=environment, folder=run.project)
        assert process.wait(DEADLINE_S) == 0
        assert process.log.wait_end(DEADLINE_S)
        yield Examined(run, process)
        process.stop()


def test_each_is_told_once_with_its_line(program: Examined) -> None:
    assert program.process.log.text.count("ring") > 1
    assert wait_unawaited(program) == [
        Unawaited("ring", SourceLine("program.py", 7, doing="ring()")),
        Unawaited("sleep", SourceLine("program.py", 11, doing="asyncio.sleep(1)")),
    ]
    assert wait_unawaited(program)[0].told == "the coroutine ring() was made, but never awaited"
