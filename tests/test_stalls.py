"""checker/stage_1/python_asyncio/stalls.py: a loop that stands still is told with its line, one that works is not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.harness.program import Program
from checker.harness.run import Run
from checker.stage_1.python_asyncio.stalls import DUMP_FOLLOWS, LoopStall, find_stall
from tests.running import running

# As in the exercise, what starts the loop is given, and no news.
RUNS = """
import asyncio, importlib, sys

asyncio.run(importlib.import_module(sys.argv[1]).main())
"""
# Busy for half of its time: stopped at any moment, it is found at work every second time.
WORKS = """
import asyncio, time

async def main():
    print("begun", flush=True)
    while True:
        end = time.perf_counter() + 0.02
        while time.perf_counter() < end:
            pass
        await asyncio.sleep(0.02)
"""
STUCK = """
import time

async def main():
    print("begun", flush=True)
    {stands}  # here
"""
TRIES = 6


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    files = {
        "__main__.py": RUNS,
        "works.py": WORKS,
        "sleeps.py": STUCK.format(stands="time.sleep(600)"),
        "computes.py": STUCK.format(stands="while True: pass"),
    }
    with running(tmp_path, files) as run:
        yield run


def where_it_stands(run: Run, module: str) -> LoopStall | None:
    with Program(run, [sys.executable, "-X", "dev", "__main__.py", module], name="desk") as program:
        assert program.wait_for(lambda p: "begun" in p.lines)
        return find_stall(program, run.project)


def test_a_loop_that_works_and_waits_is_not_stuck(run: Run) -> None:
    assert [where_it_stands(run, "works") for _ in range(TRIES)] == [None] * TRIES


@pytest.mark.parametrize("module", ["sleeps", "computes"])
def test_a_loop_that_is_stuck_is_told_with_its_line(run: Run, module: str) -> None:
    stall = where_it_stands(run, module)
    assert stall is not None
    assert (stall.place.file, stall.place.function) == (f"{module}.py", "main")
    assert "# here" in stall.place.doing


def test_the_log_says_whose_abort_it_was(run: Run) -> None:
    with Program(run, [sys.executable, "-X", "dev", "__main__.py", "works"], name="desk") as program:
        assert program.wait_for(lambda p: "begun" in p.lines)
        find_stall(program, run.project)
        assert program.errors.index(DUMP_FOLLOWS) < program.errors.index("Fatal Python error: Aborted")
