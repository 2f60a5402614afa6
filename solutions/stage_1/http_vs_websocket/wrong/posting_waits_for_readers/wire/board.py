"""The notices of this process, and who wants to hear of the next one. It knows neither HTTP nor WebSockets."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

Notice = dict[str, object]

_notices: list[Notice] = []
_sockets: set[Callable[[Notice], Awaitable[None]]] = set()
_changed = asyncio.Condition()


async def post(text: str) -> int:
    """Keep it, give it to every listener, wake everybody who polls; returns its id."""
    notice: Notice = {"id": len(_notices) + 1, "text": text}
    _notices.append(notice)
    number = len(_notices)
    for tell in list(_sockets):
        await tell(notice)
    async with _changed:
        _changed.notify_all()
    return number


@contextmanager
def listening(tell: Callable[[Notice], Awaitable[None]]) -> Iterator[None]:
    """Every notice posted from now on is told to this socket."""
    _sockets.add(tell)
    try:
        yield
    finally:
        _sockets.discard(tell)


async def after(number: int) -> list[Notice]:
    """The notices with a higher id, waited for when there is none."""
    async with _changed:
        await _changed.wait_for(lambda: len(_notices) > number)
    return _notices[number:]
