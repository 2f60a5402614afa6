"""The learner's ASGI app, watched: a server that is given `learn_probe.asgi:application` serves LEARN_APP."""

from __future__ import annotations

from _thread import get_native_id
from collections.abc import Awaitable, Callable
from typing import Any

from . import audit
from .errors import raised
from .journal import tell
from .loading import load
from .watchdog import watch_running_loop

REQUEST_HEADER = b"x-learn-request"

_Callable = Callable[..., Awaitable[Any]]

audit.install()
_app = load("asgi")


async def application(scope: dict[str, Any], receive: _Callable, send: _Callable) -> None:
    """Serve one connection by the learner's app, which gets the server's own scope, receive and send."""
    kind = scope["type"]
    if kind not in ("http", "websocket"):
        # lifespan: Django answers it with an error, which servers expect; nothing to tell.
        await _app(scope, receive, send)
        return
    watch_running_loop()
    request = _request_id(scope)
    path = str(scope.get("path", ""))
    tell("app.entered", request=request, path=path, scope=kind, thread=get_native_id(), loop=True)
    try:
        await _app(scope, receive, send)
    except BaseException as error:
        raised(request, error)
        raise
    finally:
        tell("app.left", request=request)


def _request_id(scope: dict[str, Any]) -> str:
    for name, value in scope.get("headers", ()):
        if name.lower() == REQUEST_HEADER:
            return bytes(value).decode("latin-1")
    return ""
