"""Given: who waits for which bell. One dictionary for each process."""

import asyncio

_waiting = {}


async def wait(number):
    """Return once somebody rings."""
    heard = asyncio.get_running_loop().create_future()
    listeners = _waiting.setdefault(number, set())
    listeners.add(heard)
    try:
        await heard
    finally:
        listeners.discard(heard)


def ring(number):
    """Wake all who wait for this one; returns how many they were."""
    listeners = [heard for heard in _waiting.get(number, ()) if not heard.done()]
    for heard in listeners:
        heard.set_result(None)
    return len(listeners)
