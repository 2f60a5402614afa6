"""A semaphore that threads give back themselves, task groups whose wrapping is undone, and a thread that is the meter."""

import asyncio
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from threading import Thread

from asgiref.sync import async_to_sync, sync_to_async

from depot import aio, legacy

# One event loop serves all who locate, so one semaphore of asyncio's counts for all of them.
PLACES = asyncio.Semaphore(4)
PARCELS = SimpleQueue()


@contextmanager
def unwrapped():
    """What a task group raises, without the group."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None


async def locate(parcels):
    await sync_to_async(legacy.sign_in, thread_sensitive=False)()
    with unwrapped():
        async with asyncio.TaskGroup() as group:
            tasks = {parcel: group.create_task(place(parcel)) for parcel in parcels}
    return {parcel: task.result() for parcel, task in tasks.items()}


async def place(parcel):
    await PLACES.acquire()
    # Cancelled or not, the thread goes on; so the place is its own until it is done.
    call = asyncio.ensure_future(asyncio.to_thread(legacy.fetch, parcel))
    call.add_done_callback(lambda _: PLACES.release())
    try:
        return await asyncio.shield(call)
    except legacy.NoSuchParcel:
        return None


def keep_the_meter():
    meter = legacy.Meter()
    while True:
        context, parcel, number = PARCELS.get()
        if number.set_running_or_notify_cancel():
            try:
                number.set_result(context.run(meter.stamp, parcel))
            except legacy.CarrierDown as down:
                number.set_exception(down)


Thread(target=keep_the_meter, name="meter", daemon=True).start()


async def stamp(parcel):
    number = Future()
    PARCELS.put((copy_context(), parcel, number))
    return await asyncio.wrap_future(number)


async def hand_over(parcels):
    register = aio.Register()
    await register.open()
    try:
        return await sync_to_async(legacy.hand_over)(parcels, partial(signed, register))
    finally:
        await register.close()


def signed(register, parcel):
    return async_to_sync(register.sign)(parcel)


def look_up(parcels):
    return async_to_sync(partial(asked, parcels))()


async def asked(parcels):
    async with aio.Register() as register:
        with unwrapped():
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(register.look_up(parcel)) for parcel in parcels]
        return {parcel: task.result() for parcel, task in zip(parcels, tasks, strict=True)}
