"""The notices of this process, and who wants to hear of the next one. It knows neither HTTP nor WebSockets."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

Notice = dict[str, object]

_notices: list[Notice] = []
_queues: set[asyncio.Queue[Notice]] = set()
_changed = asyncio.Condition()


async def post(text: str) -> int:
    """Keep it, give it to every listener, wake everybody who polls; returns its id."""
    notice: Notice = {"id": len(_notices) + 1, "text": text}
    _notices.append(notice)
    for queue in _queues:
        if queue.qsize() < 3:
            queue.put_nowait(notice)
    async with _changed:
        _changed.notify_all()
    return len(_notices)


@contextmanager
def listening() -> Iterator[asyncio.Queue[Notice]]:
    """A queue that gets every notice posted from now on."""
    queue: asyncio.Queue[Notice] = asyncio.Queue()
    _queues.add(queue)
    try:
        yield queue
    finally:
        _queues.discard(queue)


async def after(number: int) -> list[Notice]:
    """The notices with a higher id, waited for when there is none."""
    async with _changed:
        await _changed.wait_for(lambda: len(_notices) > number)
    return _notices[number:]
