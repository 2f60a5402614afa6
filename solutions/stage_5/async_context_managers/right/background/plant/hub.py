"""Leases are ended by tasks of their own, which nobody cancels; the process does not end before they have."""

import asyncio
import contextlib

from plant import sensors

TURN = asyncio.Lock()
PLACES = asyncio.Queue()
for place in range(5):
    PLACES.put_nowait(place)

RELEASING = set()  # the loop alone would not keep these tasks
OPENING = {}


async def _release(sensor, place):
    try:
        await sensor.release()
    finally:
        PLACES.put_nowait(place)


@contextlib.asynccontextmanager
async def leased(*names):
    """Leases all at once, and ends all at once."""
    places, got = [], {}

    async def lease(name):
        got[name] = await sensors.Sensor.lease(name)

    try:
        async with TURN:
            while len(places) < len(names):
                places.append(await PLACES.get())
        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(lease(name))
        yield got
    finally:
        tasks = {asyncio.create_task(_release(sensor, places.pop())) for sensor in got.values()}
        for place in places:  # of those that were never leased
            PLACES.put_nowait(place)
        RELEASING.update(tasks)
        for task in tasks:
            task.add_done_callback(RELEASING.discard)
        if tasks:
            await asyncio.wait(tasks)  # what they raise is told by the loop
            for task in tasks:
                task.exception()


async def line():
    """One task opens it for all who wait; one that has failed is forgotten."""
    task = OPENING.get("line")
    if task is None:
        task = OPENING["line"] = asyncio.create_task(sensors.Line.open())
    try:
        return await asyncio.shield(task)
    except Exception:
        if OPENING.get("line") is task:
            del OPENING["line"]
        raise


class running:
    """What there is while the process serves."""

    async def __aenter__(self):
        self.stack = contextlib.AsyncExitStack()
        self.stack.push_async_callback((await line()).close)
        self.stack.push_async_callback(self.wait_released)

    async def __aexit__(self, *error):
        return await self.stack.__aexit__(*error)

    async def wait_released(self):
        """Of visitors who have left."""
        while RELEASING:
            await asyncio.wait(RELEASING)
