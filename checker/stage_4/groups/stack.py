"""The chat in two processes and the Valkey between them: for its checks, and for `learn run`."""

from __future__ import annotations

from collections.abc import Mapping

from checker.harness.server import Server
from checker.harness.stand import Stand
from checker.harness.starters import Uvicorn, Valkey


def stand(uvicorn: Uvicorn, valkey: Valkey) -> Stand:
    """Both processes, with the settings' own PRESENCE_SECONDS."""
    variables = valkey().environment
    return Stand(start_both(uvicorn, variables), variables)


def start_both(start: Uvicorn, environment: Mapping[str, str]) -> tuple[Server, Server]:
    """The chat in two processes, which boot side by side."""
    app = "chat.asgi:application"
    return start(app, name="uvicorn-one", environment=environment), start(
        app, name="uvicorn-two", environment=environment
    )
