"""The hub's five places, with a line of those who wait; a lease and the process's line as classes."""

import asyncio
import logging
from collections import deque

from plant.sensors import Line, Sensor

logger = logging.getLogger("django.plant")


class Places:
    """Who comes first is served first, however many places it takes."""

    def __init__(self, free):
        self.free = free
        self.waiting = deque()  # (how many, a future that is set when they are taken)

    async def take(self, count):
        """Wait until so many are free, and take them in one go."""
        ticket = (count, asyncio.get_running_loop().create_future())
        self.waiting.append(ticket)
        self._serve()
        try:
            await ticket[1]
        except asyncio.CancelledError:
            if ticket in self.waiting:
                self.waiting.remove(ticket)
                self._serve()  # whoever stood behind may be content with less
            else:
                self.give(count)  # served at the very moment of leaving
            raise

    def give(self, count):
        """Give them back."""
        self.free += count
        self._serve()

    def _serve(self):
        while self.waiting and self.waiting[0][0] <= self.free:
            count, served = self.waiting.popleft()
            self.free -= count
            served.set_result(None)


places = Places(5)


class Lease:
    """`async with Lease(names) as sensors:` all of them, or an error and none."""

    def __init__(self, names):
        self.names = names
        self.sensors = []

    async def __aenter__(self):
        await places.take(len(self.names))
        try:
            for name in self.names:
                self.sensors.append(await Sensor.lease(name))
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self.sensors

    async def __aexit__(self, kind, error, trace):
        giving = asyncio.ensure_future(self._give_back())
        try:
            await asyncio.shield(giving)
        except asyncio.CancelledError:
            await asyncio.wait({giving})
            raise

    async def _give_back(self):
        try:
            ends = await asyncio.gather(*(sensor.release() for sensor in self.sensors), return_exceptions=True)
        finally:
            places.give(len(self.names))
        for sensor, end in zip(self.sensors, ends):
            if end is not None:
                logger.warning("%s could not be released: %r", sensor.name, end)


class Desk:
    """The process's line to the hub."""

    def __init__(self):
        self.line = None
        self.turn = asyncio.Semaphore(1)

    def __call__(self):
        return self

    async def __aenter__(self):
        async with self.turn:
            if self.line is None:
                self.line = await Line.open()
        return self

    async def __aexit__(self, *_):
        line, self.line = self.line, None
        await line.close()

    async def status(self):
        """For pages."""
        await self.__aenter__()
        return await self.line.status()


running = Desk()
