"""The bridges, by asgiref. What is shared by all requests is a pool: four threads that fetch, one that has the meter."""

import asyncio
from collections.abc import Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

from asgiref.sync import async_to_sync, sync_to_async

from depot import aio, legacy

T = TypeVar("T")

# A thread that fetches does so until it has an answer, whatever becomes of its request. So threads are what is counted.
FETCHING = ThreadPoolExecutor(4, "fetch")
METERING = ThreadPoolExecutor(1, "meter")

sign_in = sync_to_async(legacy.sign_in)
fetch = sync_to_async(legacy.fetch, thread_sensitive=False, executor=FETCHING)


async def locate(parcels: list[str]) -> dict[str, str | None]:
    """Where each parcel is; None for one that the carrier does not know. Raises CarrierDown."""
    await sign_in()  # and its session comes back with it: the tasks below begin with a copy of this context
    return dict(zip(parcels, await together(place(parcel) for parcel in parcels), strict=True))


async def place(parcel: str) -> str | None:
    """Where this one is."""
    try:
        return await fetch(parcel)
    except legacy.NoSuchParcel:
        return None


@cache
def meter() -> legacy.Meter:
    """The one of this process; asked for in one thread only."""
    return legacy.Meter()


@sync_to_async(thread_sensitive=False, executor=METERING)
def stamp(parcel: str) -> int:
    """The number of the parcel's stamp, by the meter of this process. Raises CarrierDown."""
    return meter().stamp(parcel)


async def hand_over(parcels: list[str]) -> str:
    """The driver's receipt for these parcels, each signed by the register. Raises Refused."""
    async with aio.Register() as register:
        # Beneath sync_to_async, async_to_sync finds the way back to this loop.
        return await sync_to_async(legacy.hand_over)(parcels, async_to_sync(register.sign))


@async_to_sync
async def look_up(parcels: list[str]) -> dict[str, str]:
    """Who gets each parcel, by the register. Raises Refused."""
    async with aio.Register() as register:
        return dict(zip(parcels, await together(register.look_up(parcel) for parcel in parcels), strict=True))


async def together(coroutines: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All their results. The first error ends the others, and is raised bare: a TaskGroup would wrap it."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
