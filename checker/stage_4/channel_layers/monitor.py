"""What the project's processes ask of Valkey, as MONITOR tells it: above all, their blocking pops.

The core layer keeps one mailbox a process, and pops from it with a wait. A wait that ends empty is asked anew: by this
an idle process is seen to have lived through it.
"""

from __future__ import annotations

import itertools
import re
import socket
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from urllib.parse import unquote

from checker.harness.history import History
from checker.harness.servers.valkey import Valkey
from checker.harness.waiting import wait_until

_SAID = re.compile(r'^\+\d+\.\d+ \[\d+ (?P<client>[^\]]*)\] (?P<words>".*")$')
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"')
_POPS = frozenset({"bzpopmin", "bzpopmax", "blpop", "brpop"})  # KEY ... SECONDS
_TAKEN = "$inflight"
# What a `group_send` of either layer writes first.
PUBLISHES = ("zremrangebyscore", "publish")
READY_S = 5.0
MOST_LINES = 5000
MOST_OF_IT = 0.9


@dataclass(slots=True)
class Mailbox:
    """The pops of one process: when each was asked, and when a message had come by one.

    `wait_s` is how long the last of them would wait, by its own word.
    """

    key: str
    wait_s: float = 0.0
    asked: list[float] = field(default_factory=list)
    filled: list[float] = field(default_factory=list)

    @property
    def empty_rounds(self) -> int:
        """How many pops waited to their end, came back empty, and were asked anew.

        One that was given up before, since its socket closed, is none.
        """
        whole = [(start, end) for start, end in pairwise(self.asked) if end - start >= MOST_OF_IT * self.wait_s]
        return sum(not any(start <= t <= end for t in self.filled) for start, end in whole)


class Monitor:
    """Listens on a connection and a thread of its own, from now until `close`."""

    def __init__(self, valkey: Valkey) -> None:
        self._mailboxes: dict[str, Mailbox] = {}
        self._said: deque[str] = deque(maxlen=MOST_LINES)
        self._lock = threading.Lock()
        self._valkey = valkey
        self._marks = itertools.count(1)
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.settimeout(READY_S)
        self._connection.connect(unquote(valkey.url.removeprefix("unix://")))
        self._connection.sendall(b"MONITOR\r\n")
        self._lines = self._connection.makefile(encoding="utf-8", errors="replace", newline="\n")
        self._lines.readline()  # +OK: what is asked from here on is told
        self._connection.settimeout(None)
        threading.Thread(target=self._listen, name="monitor", daemon=True).start()

    def catch_up(self) -> None:
        """Return when it has been told of all that Valkey has done by now."""
        mark = f"caught-up-{next(self._marks)}"
        self._valkey.command("ECHO", mark)
        wait_until(lambda: self.mentions(mark), READY_S)

    def mentions(self, name: str) -> int:
        """How many commands have named this so far: a room's group is in each that is for the room."""
        with self._lock:
            return sum(name in line for line in self._said)

    def sends(self, *, without: str) -> int:
        """How many commands so far were a layer's first of a send to a room, but for those that name this."""
        with self._lock:
            return sum(
                "room." in line and without not in line and line.split('"')[1].lower() in PUBLISHES
                for line in self._said
            )

    @property
    def mailboxes(self) -> list[Mailbox]:
        """Those that are popped from, in the order of their first pop."""
        with self._lock:
            return [replace(box, asked=[*box.asked], filled=[*box.filled]) for box in self._mailboxes.values()]

    def close(self) -> None:
        """Listen no more."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def _listen(self) -> None:
        with suppress(OSError, ValueError):  # closed, by us or with Valkey
            for line in self._lines:
                if (said := _SAID.match(line.rstrip("\r\n"))) and said["client"] != "lua":
                    self._take_in(said["words"])

    def _take_in(self, words: str) -> None:
        command, *rest = _WORD.findall(words)
        now = History.now()
        with self._lock:
            self._said.append(words)
            if command.lower() in _POPS and rest:
                box = self._mailboxes.setdefault(rest[0], Mailbox(rest[0]))
                box.asked.append(now)
                with suppress(ValueError):
                    box.wait_s = float(rest[-1])
            elif rest and rest[0].endswith(_TAKEN) and (taken := self._mailboxes.get(rest[0].removesuffix(_TAKEN))):
                taken.filled.append(now)
