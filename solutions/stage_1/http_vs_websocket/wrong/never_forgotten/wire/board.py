"""The notices of this process, the open sockets, and who wants to hear of the next one."""

import asyncio
import json
from typing import Any

Notice = dict[str, object]

senders: set[Any] = set()
_notices: list[Notice] = []
_changed = asyncio.Condition()


async def post(text: str) -> int:
    """Keep it, send it to every socket, wake everybody who polls; returns its id."""
    number = len(_notices) + 1
    notice: Notice = {"id": number, "text": text}
    _notices.append(notice)
    for send in list(senders):
        await send({"type": "websocket.send", "text": json.dumps(notice)})
    async with _changed:
        _changed.notify_all()
    return number


async def after(number: int) -> list[Notice]:
    """The notices with a higher id, waited for when there is none."""
    async with _changed:
        await _changed.wait_for(lambda: len(_notices) > number)
    return _notices[number:]
