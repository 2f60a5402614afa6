"""What the plant's pages borrow from the hub, as async context managers."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

from plant.sensors import Line, Sensor

PLACES = 5  # so many sensors the hub leases to a process

_places = asyncio.Semaphore(PLACES)
_turn = asyncio.Lock()

_line = None
_opening = asyncio.Lock()


@asynccontextmanager
async def lease(names):
    """The sensors of these names, all of them or none, for as long as the block lasts."""
    async with AsyncExitStack() as stack:
        # One at a time takes all the places it needs: no two ever wait for each other's, and nobody overtakes.
        async with _turn:
            for _ in names:
                await stack.enter_async_context(_places)
        yield [await stack.enter_async_context(_leased(name)) for name in names]


@asynccontextmanager
async def _leased(name):
    sensor = await Sensor.lease(name)
    try:
        yield sensor
    finally:
        await to_the_end(sensor.release())


async def to_the_end(coroutine):
    """Await it to its end. Whoever is cancelled meanwhile is told so afterwards."""
    task = asyncio.create_task(coroutine)
    cancelled = None
    while not task.done():
        try:
            await asyncio.wait([task])  # unlike `await task`, it leaves the task alone when it is cancelled
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        raise cancelled
    await task  # it is over: raises what it has raised


@asynccontextmanager
async def running():
    """Around the life of a process: its line is open."""
    opened = await line()
    try:
        yield
    finally:
        await opened.close()


async def line():
    """The process's one line. Where there is no lifespan, its first visitor opens it."""
    global _line
    async with _opening:
        if _line is None:
            _line = await Line.open()
    return _line
