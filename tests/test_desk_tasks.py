"""checker/stage_1/python_asyncio/tasks.py and blame.py: the line of a desk that keeps it from going on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from checker.harness.program import Program
from checker.harness.server import PROBE_FOLDER
from checker.stage_1.python_asyncio import blame
from checker.stage_1.python_asyncio.tasks import Tasks, tasks_now
from course.model import SourceLine
from tests.running import running

# The given files are told by their names.
MAIN = """
import asyncio, work

async def main():
    await work.run()

asyncio.run(main())
"""
UPSTREAM = """
import asyncio

async def fetch():
    await asyncio.Event().wait()
"""
WORK = """
import asyncio
from upstream import fetch

async def beat():
    while True:
        await asyncio.sleep(60)  # beat

async def ask():
    return await fetch()  # call

async def run():
    heart = asyncio.create_task(beat())
    print("begun", flush=True)
    {work}
"""


def tasks_of(tmp_path: Path, work: str) -> Tasks:
    files = {"__main__.py": MAIN, "upstream.py": UPSTREAM, "work.py": WORK.format(work=work)}
    with running(tmp_path, files) as run:
        told = run.temporary / "tasks.json"
        environment = {"PYTHONPATH": str(PROBE_FOLDER), "LEARN_TASKS": str(told)}
        with Program(run, [sys.executable, "__main__.py"], name="desk", environment=environment) as program:
            assert program.wait_for(lambda p: "begun" in p.lines)
            return tasks_now(program, told, run.project)


def test_run_is_told_where_it_waits_for_all(tmp_path: Path) -> None:
    tasks = tasks_of(tmp_path, "await asyncio.gather(ask(), ask())  # all")
    assert doing(tasks.run_alone) == "await asyncio.gather(ask(), ask())  # all"
    assert doing(tasks.call) == "return await fetch()  # call"
    assert tasks.turn is None


def test_run_is_not_to_blame_while_a_task_of_its_own_waits_for_something_else(tmp_path: Path) -> None:
    tasks = tasks_of(tmp_path, "await asyncio.gather(ask(), asyncio.Queue().get(), asyncio.Event().wait())")
    assert tasks.run_alone is None


def test_what_is_awaited_before_any_call_is_the_line_of_run(tmp_path: Path) -> None:
    assert doing(tasks_of(tmp_path, "await beat()  # first").before_calls) == "await beat()  # first"


@pytest.mark.parametrize(
    ("work", "line"),
    [
        ("todo = asyncio.Queue(); todo.put_nowait(1); await todo.join()", None),
        ("await heart", "await asyncio.sleep(60)  # beat"),
    ],
)
def test_of_an_order_without_an_end_the_join_is_told_else_the_beat(tmp_path: Path, work: str, line: str | None) -> None:
    assert doing(tasks_of(tmp_path, work).endless) == (line or work)


def test_a_timeout_stands_between_a_task_and_its_call(tmp_path: Path) -> None:
    """Before Python 3.12 `wait_for` makes a task of the call."""
    timed = "await asyncio.gather(asyncio.wait_for(fetch(), 60), asyncio.wait_for(ask(), 60))"
    assert doing(tasks_of(tmp_path, timed).run_alone) == timed


def test_a_heart_that_waits_for_its_end_pauses_like_any_other(tmp_path: Path) -> None:
    work = "task = asyncio.create_task(asyncio.wait_for(asyncio.Event().wait(), 60)); await asyncio.gather(ask())"
    assert doing(tasks_of(tmp_path, work).run_alone) == work


def test_a_program_that_has_ended_has_no_tasks(tmp_path: Path) -> None:
    assert tasks_of(tmp_path, "raise SystemExit") == Tasks()


@pytest.mark.parametrize(
    ("find", "code", "line"),
    [
        (blame.line_of_semaphore, "turns = asyncio.Semaphore(3)", 1),
        (blame.line_of_semaphore, "a = Semaphore(3)\nb = Semaphore(3)", None),
        (blame.line_of_timeout, "async def f():\n async with asyncio.timeout(order.timeout_s): pass", 2),
        (blame.line_of_deadline, "end = 1\nend = order.deadline_s", 2),
        (blame.line_of_task_not_kept, "task = asyncio.create_task(a())\nasyncio.create_task(b())", 2),
        (blame.line_of_task_not_kept, "group.create_task(a())", None),
        (blame.line_of_putting_back, "q.put(1)\ntry: pass\nexcept OSError:\n q.put(2)", 4),
        (blame.line_of_telling_each_try, "for n in 1, 2:\n try: pass\n except OSError:\n  report.failed(s)", 4),
        (blame.line_of_telling_each_try, "try: pass\nexcept OSError: report.failed(s)", None),
        (blame.line_of_swallowing, "signal.signal(signal.SIGINT, stop)", 1),
        (blame.line_of_swallowing, "loop.add_signal_handler(2, stop)", 1),
        (blame.line_of_swallowing, "try: work()\nexcept BaseException: pass", 2),
        (blame.line_of_swallowing, "try: work()\nexcept BaseException:\n raise", None),
        (blame.line_of_swallowing, "async def f():\n try: await task\n except CancelledError: pass", None),
        (blame.line_of_swallowing, "async def f():\n for t in ts:\n  t.cancel()\n  await t", 4),
    ],
)
def test_a_line_is_blamed_where_it_is_the_only_one(
    tmp_path: Path, find: blame.Find, code: str, line: int | None
) -> None:
    (tmp_path / "work.py").write_text(code)
    found = find(tmp_path, ["work.py"])
    assert (found and found.line) == line


def doing(line: SourceLine | None) -> str:
    assert line is not None
    return line.doing
