"""Notices that any thread may post; whoever listens does so on the event loop."""

import asyncio
import threading
from collections.abc import Callable

_lock = threading.Lock()
_notices: list[dict[str, object]] = []
_listeners: dict[object, tuple[asyncio.AbstractEventLoop, Callable[[dict[str, object]], None]]] = {}


def post(text: str) -> int:
    """From a thread: the listeners hear of it on their loop, before the caller goes on to answer."""
    with _lock:
        notice: dict[str, object] = {"id": len(_notices) + 1, "text": text}
        _notices.append(notice)
        for loop, callback in _listeners.values():
            loop.call_soon_threadsafe(callback, notice)
        return len(_notices)


def listen(callback: Callable[[dict[str, object]], None]) -> object:
    """From the loop: call this for each notice from now on; returns what `forget` wants."""
    token = object()
    with _lock:
        _listeners[token] = (asyncio.get_running_loop(), callback)
    return token


def forget(token: object) -> None:
    """No more calls."""
    with _lock:
        _listeners.pop(token, None)


def after(number: int) -> list[dict[str, object]]:
    """The notices with a higher id that there are."""
    with _lock:
        return _notices[number:]
