"""The learner's callable, with each step of Channels' URLRouter told to the history: which route took the path.

Runs inside the server, between the probe and the learner's `tower.asgi:application`. Other routers are not seen.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from contextvars import ContextVar
from importlib import import_module
from typing import Any

from channels.routing import URLRouter
from learn_probe.journal import tell  # type: ignore[import-not-found]

REQUEST_HEADER = b"x-learn-request"
MARK_HEADER = b"x-learn-mark"
_level: ContextVar[int] = ContextVar("level", default=0)
_route = URLRouter.__call__


async def _told(router: URLRouter, scope: dict[str, Any], receive: Any, send: Any) -> None:
    level = _level.get()
    with suppress(Exception):  # what goes wrong here must not reach the learner's code
        _tell(router, scope, level)
    before = _level.set(level + 1)
    try:
        await _route(router, scope, receive, send)
    finally:
        _level.reset(before)


def _tell(router: URLRouter, scope: dict[str, Any], level: int) -> None:
    """What the router is about to find: the first of its routes that takes the path, and what that one leaves."""
    request = dict(scope["headers"]).get(REQUEST_HEADER, b"").decode("latin-1")
    path = scope.get("path_remaining")
    if path is None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
    path = path.lstrip("/")
    for route in router.routes:
        if match := route.pattern.match(path):
            tell("route.took", request=request, level=level, path=path, route=str(route.pattern), rest=match[0])
            return
    tell("route.none", request=request, level=level, path=path)


URLRouter.__call__ = _told
_app = import_module(os.environ["LEARN_ROUTED"]).application


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Serve one connection by the learner's callable. A request with the header X-Learn-Mark only marks the log."""
    if mark := dict(scope.get("headers", ())).get(MARK_HEADER):
        print(mark.decode("latin-1"), file=sys.stderr, flush=True)  # noqa: T201
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    await _app(scope, receive, send)
