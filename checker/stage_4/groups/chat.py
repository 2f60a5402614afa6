"""What the chat checks run against: the learner's project in two processes, and the Valkey between them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from checker.harness.history import History
from checker.harness.server import Server
from checker.harness.servers.valkey import Valkey

# `specific.` and two UUIDs: what the core layer calls a consumer, and the only thing it puts into a group.
_CHANNEL_NAME = re.compile(r"[\w.-]+\.[0-9a-f]{32}![0-9a-f]{32}")


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

    def has_readers(self) -> bool:
        """Whether anybody waits for messages: the core layer with BZPOPMIN, the pubsub layer by subscription."""
        clients: list[dict[str, str]] = self._valkey.command("CLIENT LIST")
        return any(c["cmd"].startswith("bz") or c["sub"] != "0" for c in clients)

    def members(self) -> dict[str, int]:
        """The groups that have members, and how many: of the core layer (sorted sets) and of the pubsub layer."""
        keys = [key for key in self._valkey.command("KEYS", "*:group:*") if self._valkey.command("TYPE", key) == "zset"]
        groups = [(key, self._channel_count(key)) for key in keys]
        channels = self._valkey.command("PUBSUB CHANNELS", "*__group__*")
        subscribers = self._valkey.command("PUBSUB NUMSUB", *channels) if channels else []
        return {str(name): int(count) for name, count in [*groups, *subscribers] if count}

    def _channel_count(self, key: str) -> int:
        return sum(bool(_CHANNEL_NAME.fullmatch(member)) for member in self._valkey.command("ZRANGE", key, 0, -1))


@dataclass(frozen=True)
class Chat:
    """The learner's project in two processes, and the Valkey between them."""

    one: Server
    two: Server
    store: Store
    history: History

    def place(self, server: Server) -> str:
        """How findings call the process."""
        return "process one" if server is self.one else "process two"
