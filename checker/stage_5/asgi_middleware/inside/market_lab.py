"""The learner's market with somebody around it who looks on: `market_lab:application`. Runs in the learner's process.

GET /lab/changed/   {"changed": [...]}: what the market did to the scopes that it was given, a text each
GET /lab/other/     {"reached": ..., "same": ...}: what came of a scope of a type that nobody knows
"""

from __future__ import annotations

import json
from typing import Any

from market.asgi import application as market  # type: ignore[import-not-found]
from market.tracing import Traced  # type: ignore[import-not-found]

_changed: list[str] = []


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The market's, but below /lab/."""
    if str(scope.get("path", "")).startswith("/lab/"):
        await _answer(send, {"changed": _changed} if scope["path"] == "/lab/changed/" else await _other(receive, send))
        return
    before = _copy(scope)
    try:
        await market(scope, receive, send)
    finally:
        if (after := _copy(scope)) != before:
            keys = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
            _changed.append(f"{scope.get('path', scope['type'])}: {', '.join(keys)}")


async def _other(receive: Any, send: Any) -> dict[str, Any]:
    scope = {"type": "pigeon", "leg": "left"}
    told: dict[str, Any] = {"reached": False, "error": ""}

    async def inner(given: dict[str, Any], its_receive: Any, its_send: Any) -> None:
        told["reached"] = given == scope and (its_receive, its_send) == (receive, send)

    try:
        await Traced(inner)(scope, receive, send)
    except Exception as error:  # noqa: BLE001  # the learner's, of whatever kind
        told["error"] = f"{type(error).__name__}: {error}"
    return told


def _copy(scope: dict[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, list) else value for key, value in scope.items() if key != "state"}


async def _answer(send: Any, page: dict[str, Any]) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(page).encode()})
