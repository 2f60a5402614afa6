"""The bridges without asgiref: pools, copies of the context carried by hand, and the loop by name."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from depot import aio, legacy

FETCHING = ThreadPoolExecutor(4)
METERING = ThreadPoolExecutor(1)


class Counter:
    """The meter, opened by the first who asks for a stamp. All of it runs in the one thread of METERING."""

    meter = None

    @classmethod
    def stamp(cls, parcel):
        if cls.meter is None:
            cls.meter = legacy.Meter()
        return cls.meter.stamp(parcel)


def within(pool, function, *arguments):
    """The function, in the pool, with a copy of this context: run_in_executor takes none along."""
    return asyncio.get_running_loop().run_in_executor(pool, copy_context().run, function, *arguments)


def signed_in():
    legacy.sign_in()
    return legacy.session.get()


async def locate(parcels):
    legacy.session.set(await asyncio.to_thread(signed_in))
    tasks = [asyncio.create_task(place(parcel)) for parcel in parcels]
    if not tasks:
        return {}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
    for error in filter(None, [task.exception() for task in done]):
        raise error
    return {parcel: task.result() for parcel, task in zip(parcels, tasks, strict=True)}


async def place(parcel):
    try:
        return await within(FETCHING, legacy.fetch, parcel)
    except legacy.NoSuchParcel:
        return None


async def stamp(parcel):
    return await within(METERING, Counter.stamp, parcel)


async def hand_over(parcels):
    loop = asyncio.get_running_loop()
    async with aio.Register() as register:

        def sign(parcel):
            return asyncio.run_coroutine_threadsafe(register.sign(parcel), loop).result()

        return await asyncio.to_thread(legacy.hand_over, parcels, sign)


def look_up(parcels):
    return asyncio.run(asked(parcels))


async def asked(parcels):
    async with aio.Register() as register:
        return dict(zip(parcels, await asyncio.gather(*map(register.look_up, parcels)), strict=True))
