"""The learner's depot with each view announced: which one a request has reached, and whether that began on the loop.

Runs inside the server, between the probe and the learner's `depot.asgi:application`.
"""

from __future__ import annotations

from asyncio import _get_running_loop
from collections.abc import Callable
from functools import wraps
from typing import Any

from depot.asgi import application as _app  # type: ignore[import-not-found]
from learn_probe.journal import tell  # type: ignore[import-not-found]

REQUEST_HEADER = "X-Learn-Request"

application = _app


def _announce_each() -> None:
    from django.urls import get_resolver  # Django is set up by now

    for pattern in get_resolver().url_patterns:
        name = str(pattern.pattern).partition("/")[0]
        pattern.callback = _announced(pattern.callback, name)


def _announced(view: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The same view, of the same kind and with the same marks (csrf_exempt)."""
    from asgiref.sync import iscoroutinefunction

    def announce(request: Any) -> None:
        on_loop = _get_running_loop() is not None
        tell("views.entered", request=request.headers.get(REQUEST_HEADER, ""), view=name, on_loop=on_loop)

    @wraps(view)
    async def as_coroutine(request: Any, *args: Any, **named: Any) -> Any:
        announce(request)
        return await view(request, *args, **named)

    @wraps(view)
    def as_function(request: Any, *args: Any, **named: Any) -> Any:
        announce(request)
        return view(request, *args, **named)

    return as_coroutine if iscoroutinefunction(view) else as_function


_announce_each()
