"""What the chat checks run against: the learner's project in two processes, and the Valkey between them."""

from __future__ import annotations

import http.client
import re
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import redis

from checker.harness.history import History
from checker.harness.seed import Seed
from checker.harness.server import Server
from checker.harness.servers.valkey import Valkey
from checker.harness.waiting import wait_until
from course.errors import MachineLacks

# `specific.` and two UUIDs: what the core layer calls a consumer, and the only thing it puts into a group.
_CHANNEL_NAME = re.compile(r"[\w.-]+\.[0-9a-f]{32}![0-9a-f]{32}")
# Our own hold ends by itself, should we be killed while it lasts.
HOLD_MS = 5000
HELD_WITHIN_S = 0.5
# How all that is kept under a key is read, by its type.
_READ_WHOLE: dict[str, tuple[str, ...]] = {
    "hash": ("HGETALL",),
    "list": ("LRANGE", "0", "-1"),
    "set": ("SMEMBERS",),
    "zset": ("ZRANGE", "0", "-1"),
}
SETTLED_WITHIN_S = 0.5
POLL_EVERY_S = 0.01


class Store:
    """Valkey, looked at from outside."""

    # What this class itself asks, and what any client says on connecting.
    OURS = frozenset({"info", "keys", "type", "zrange", "pubsub", "client", "hello", "ping", "select"})

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey

    def commands(self) -> int:
        """How many commands the project's processes have sent."""
        stats: dict[str, Any] = self._valkey.command("INFO", "commandstats")
        names = {name: name.removeprefix("cmdstat_").split("|")[0] for name in stats}
        return sum(int(stats[name]["calls"]) for name, command in names.items() if command not in self.OURS)

    def has_subscribers(self) -> bool:
        """Whether anybody waits for messages by subscription, as the pubsub layer does."""
        return any(c["sub"] != "0" for c in self._clients())

    def wait_readers(self) -> bool:
        """Whether anybody waits for messages, by either layer."""
        return self.has_subscribers() or self.wait_core_readers()

    def wait_core_readers(self) -> bool:
        """Whether the core layer waits for messages, now or soon: a reader that has just got one is busy with it.

        Its groups are written, those of the pubsub layer subscribed.
        """
        return wait_until(lambda: any(c["cmd"].startswith("bz") for c in self._clients()), SETTLED_WITHIN_S)

    @contextmanager
    def writes_held(self) -> Iterator[None]:
        """Nothing is written or published while this lasts; who tries waits (CLIENT PAUSE). Reading goes on."""
        try:
            self._valkey.command("CLIENT", "PAUSE", HOLD_MS, "WRITE")
        except redis.ResponseError as error:
            raise MachineLacks(
                f"{self._valkey.name}: CLIENT PAUSE: {error}", "a Valkey of your own can do it"
            ) from error
        try:
            yield
        finally:
            self._valkey.command("CLIENT", "UNPAUSE")

    def wait_held(self, commands: Collection[str]) -> bool:
        """Whether one of these commands waits for the end of `writes_held`, now or soon."""

        def is_held() -> bool:
            return any("b" in client["flags"] and client["cmd"] in commands for client in self._clients())

        return wait_until(is_held, HELD_WITHIN_S, every_s=POLL_EVERY_S)

    def members(self) -> dict[str, int]:
        """The groups that have members, and how many: of the core layer (sorted sets) and of the pubsub layer."""
        keys = [key for key in self._valkey.command("KEYS", "*:group:*") if self._valkey.command("TYPE", key) == "zset"]
        groups = [(key, self._channel_count(key)) for key in keys]
        channels = self._valkey.command("PUBSUB CHANNELS", "*__group__*")
        subscribers = self._valkey.command("PUBSUB NUMSUB", *channels) if channels else []
        return {str(name): int(count) for name, count in [*groups, *subscribers] if count}

    def wait_group_of(self, count: int) -> bool:
        """Whether some group has so many members, now or soon."""
        return wait_until(lambda: max(self.members().values(), default=0) >= count, SETTLED_WITHIN_S)

    def expired(self) -> int:
        """How many keys have come to the end of their expiry, since Valkey began."""
        return int(self._valkey.command("INFO", "stats")["expired_keys"])

    def shared_expiry(self, *users: str) -> tuple[str, float] | None:
        """A key with an expiry that holds all of these users, and how many seconds it has left."""
        for key in self._valkey.command("KEYS", "*"):
            left_ms = int(self._valkey.command("PTTL", key))  # negative without an expiry
            read = _READ_WHOLE.get(self._valkey.command("TYPE", key))
            if left_ms < 0 or read is None:
                continue
            kept = str(self._valkey.command(read[0], key, *read[1:]))
            if all(user in kept for user in users):
                return str(key), left_ms / 1000
        return None

    def _channel_count(self, key: str) -> int:
        return sum(bool(_CHANNEL_NAME.fullmatch(member)) for member in self._valkey.command("ZRANGE", key, 0, -1))

    def _clients(self) -> list[dict[str, str]]:
        clients: list[dict[str, str]] = self._valkey.command("CLIENT LIST")
        return clients


def pulse_s(server: Server, deadline_s: float) -> float:
    """How long this process takes to answer anything at all, now; `deadline_s` where it does not.

    No probe of a check, so no history has it.
    """
    asked_at = History.now()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=deadline_s)
    with closing(connection), suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/")
        connection.getresponse().read()
        return History.now() - asked_at
    return deadline_s


@dataclass(frozen=True)
class Chat:
    """The learner's project in two processes, and the Valkey between them."""

    one: Server
    two: Server
    store: Store
    history: History
    seed: Seed
    presence_s: float  # PRESENCE_SECONDS of both
    tags: Iterator[str]  # one for each check, by which its users and rooms are no other's

    def place(self, server: Server) -> str:
        """How findings call the process."""
        return "process one" if server is self.one else "process two"
