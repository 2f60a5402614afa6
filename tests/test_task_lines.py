"""checker/harness/task_lines.py: the line that starts a task, or waits where it should not, found in the code alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.harness.task_lines import (
    line_awaiting_each,
    line_awaiting_in_order,
    line_calling,
    line_starting,
    line_starting_from,
    outermost,
)

CODE = """\
import asyncio


async def dash(request):
    prices = await all_prices()


async def all_prices():
    async with asyncio.TaskGroup() as group:
        group.create_task(own())
    tasks = [asyncio.create_task(ask(name)) for name in NAMES]
    await asyncio.wait(tasks)


async def events(request):
    first = asyncio.create_task(ask("a"))
    second = asyncio.ensure_future(ask("b"))


async def run(order):
    async def beat():
        while True:
            await asyncio.sleep(1)

    heart = asyncio.create_task(beat())
    for symbol in order.symbols:
        await queue.put(symbol)
    for symbol in order.symbols:
        for attempt in range(2):
            raw = await asyncio.wait_for(fetch(symbol), 1)


async def price(symbol):
    for attempt in range(2):
        await fetch(symbol)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "desk.py").write_text(CODE)
    (tmp_path / "broken.py").write_text("def (")
    return tmp_path


def test_a_task_is_found_by_its_coroutine(project: Path) -> None:
    found = line_starting(project, ["missing.py", "broken.py", "desk.py"], "run.<locals>.beat")
    assert found is not None
    assert (found.file, found.line, found.doing) == ("desk.py", 25, "heart = asyncio.create_task(beat())")
    assert line_starting(project, ["desk.py"], "nobody") is None


def test_a_view_is_followed_to_the_one_line_that_starts_its_tasks(project: Path) -> None:
    found = line_starting_from(project, ["desk.py"], "dash")
    assert found is not None
    assert found.line == 11


def test_of_two_such_lines_none_is_blamed(project: Path) -> None:
    assert line_starting_from(project, ["desk.py"], "events") is None


def test_of_tasks_left_over_the_outermost_is_told(tmp_path: Path) -> None:
    code = """
async def run(order):
    async def tell():
        await price()

    tasks = [asyncio.create_task(tell())]


async def price():
    call = asyncio.create_task(fetch())
"""
    (tmp_path / "desk.py").write_text(code)
    left = ["fetch", "python_s_own", "run.<locals>.tell"]
    assert outermost(tmp_path, ["desk.py"], left) == "run.<locals>.tell"
    assert outermost(tmp_path, ["desk.py"], left[:2]) == "fetch"
    assert outermost(tmp_path, ["desk.py"], left[1:2]) == "python_s_own"


def test_an_await_for_each_symbol_is_found_but_not_one_of_another_loop(project: Path) -> None:
    found = line_awaiting_each(project, ["desk.py"], "symbols")
    assert found is not None
    assert found.line == 30
    assert line_awaiting_each(project, ["desk.py"], "names") is None


TURNS = """\
def scaffold(request):
    for name in suppliers.NAMES:
        prices[name] = suppliers.fetch(name)


async def at_once(request):
    calls = [asyncio.to_thread(suppliers.fetch, name) for name in suppliers.NAMES]
    return await asyncio.gather(*calls)


async def in_turn(request):
    return {name: await suppliers.afetch(name) for name in suppliers.NAMES}
"""


@pytest.mark.parametrize(("view", "line"), [("scaffold", 3), ("at_once", None), ("in_turn", 12)])
def test_calls_in_turn_are_looked_for_in_the_view_alone(tmp_path: Path, view: str, line: int | None) -> None:
    (tmp_path / "desk.py").write_text(TURNS)
    found = line_awaiting_each(tmp_path, ["desk.py"], "NAMES", function=view, blocking="fetch")
    assert (found and found.line) == line


def test_a_blocking_call_is_waited_for_only_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "desk.py").write_text(TURNS)
    found = line_awaiting_each(tmp_path, ["desk.py"], "NAMES", function="scaffold")
    assert found is None


def test_a_call_is_blamed_when_it_is_the_only_one_of_its_name(project: Path) -> None:
    found = line_calling(project, ["missing.py", "broken.py", "desk.py"], {"wait", "gather"}, "dash")
    assert found is not None
    assert found.line == 12
    assert line_calling(project, ["desk.py"], {"wait"}, "events") is None
    assert line_calling(project, ["desk.py"], {"sleep"}) is not None
    assert line_calling(project, ["desk.py"], {"create_task"}) is None


STREAMS = """
async def in_list_order():
    for task in tasks:
        yield event(*await task)


async def as_they_come():
    for answer in asyncio.as_completed(tasks):
        yield event(*await answer)


async def all_at_once():
    for task in tasks:
        prices.append(await task)
    for price in prices:
        yield event(price)


async def in_two_loops():
    for task in tasks:
        yield await task
    for name, task in late.items():
        yield name, await task
"""


@pytest.mark.parametrize(
    ("stream", "line"), [("in_list_order", 4), ("as_they_come", None), ("all_at_once", None), ("in_two_loops", None)]
)
def test_a_loop_that_tells_each_task_in_turn_is_found(tmp_path: Path, stream: str, line: int | None) -> None:
    (tmp_path / "desk.py").write_text(STREAMS)
    found = line_awaiting_in_order(tmp_path, ["desk.py"], stream)
    assert (found and found.line) == line
