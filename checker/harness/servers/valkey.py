"""Valkey (or Redis) on a unix socket, keeping nothing; or the one that LEARN_REDIS_URL points to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from checker.harness.run import Run
from checker.harness.service import Service, launch, wait_ready
from course.errors import MachineLacks
from course.shared import equipment

if TYPE_CHECKING:
    import redis

COMMAND_DEADLINE_S = 10.0
# "Ready to accept connections" in Valkey and in Redis since 4; "now ready to accept connections" before.
READY = "eady to accept connections"


class Valkey(Service):
    """A running Valkey. `environment` holds REDIS_URL.

    redis-py 8 gives up on a silent connection after 5 s, and channels_redis 4.3 waits for messages with a BZPOPMIN of
    5 s (https://github.com/django/channels_redis/issues/422). So a project's settings must say
    `hosts: [{"address": REDIS_URL, "socket_timeout": None}]`, or its idle WebSockets die: the URL alone cannot help.
    """

    def command(self, *words: str | float | bytes) -> Any:
        """Send one command, as a check that looks at what the project keeps there: `command("ZCARD", key)`.

        Never flush: with LEARN_REDIS_URL it is somebody's own.
        """
        return self._client.execute_command(*words)  # type: ignore[no-untyped-call]

    def stop(self) -> list[str]:
        """As Service."""
        if "_client" in self.__dict__:
            self._client.close()
        return super().stop()

    @cached_property
    def _client(self) -> redis.Redis:
        import redis

        return redis.Redis.from_url(
            self.url,
            decode_responses=True,
            encoding_errors="replace",
            socket_timeout=COMMAND_DEADLINE_S,
            socket_connect_timeout=COMMAND_DEADLINE_S,
        )


def valkey(run: Run, *, name: str = "valkey", arguments: Sequence[str] = ()) -> Valkey:
    """Start Valkey, empty; or hand out the running one of LEARN_REDIS_URL, as it is. Raises MachineLacks."""
    found = equipment.valkey()
    if found.program is None:
        return _running(name, found)
    folder = run.temporary / name
    folder.mkdir()
    socket = folder / "valkey.sock"
    command = [
        str(found.program),
        "--port", "0",
        "--unixsocket", str(socket),
        "--unixsocketperm", "700",
        "--save", "",
        "--appendonly", "no",
        "--dir", str(folder),
        *arguments,
    ]  # fmt: skip
    process = launch(run, name, command, folder=folder)
    wait_ready(process, READY)
    url = f"unix://{quote(str(socket))}"
    return Valkey(name, url, {"REDIS_URL": url}, process=process, folder=folder)


def _running(name: str, found: equipment.Equipment) -> Valkey:
    import redis

    url = found.url or ""
    service = Valkey(name, url, {"REDIS_URL": url})
    try:
        service.command("PING")
    except (redis.RedisError, OSError, ValueError) as error:
        service.stop()
        raise MachineLacks(
            f"{found.source}: nothing that speaks Redis answers at {found.shown_url}: {error}",
            f"start it, or correct or unset {found.source}",
        ) from error
    return service
