"""Everything that happened in one run, in one list and one file: history.jsonl.

Client spans, Gate arrivals, what the probe saw inside the server, births and deaths of processes. Findings and
timelines only read it. All clocks are CLOCK_MONOTONIC, which processes of one machine share.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from checker.harness.events import Facts, is_sound
from course.model import SourceLine

PROBE_DATAGRAM_BYTES = 65_536
CATCH_UP_DEADLINE_S = 2.0
MARK = b"mark "
MOST_FROM_INSIDE = 100_000  # the busiest exercise is told some thousands


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, at `t` seconds of the monotonic clock."""

    t: float
    kind: str
    facts: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        """One fact. Raises KeyError for one that events of this kind do not have."""
        return self.facts[name]

    def get(self, name: str) -> Any:
        """One fact, None where it is absent: for those that not every such event has, and for events of any kind."""
        return self.facts.get(name)

    @property
    def where(self) -> SourceLine | None:
        """The learner's line, where the event carries one."""
        place = self.facts.get("where")
        return None if place is None else SourceLine(**place)


class History:
    """The record of a run. Safe to use from any thread; `wait_for` sleeps until something happens."""

    def __init__(self, path: Path, probe_socket: Path, most: int | None = None) -> None:
        """`most` keeps so many events, the latest, of what goes on for ever; its `path` should be os.devnull."""
        self.probe_socket = probe_socket
        self._events: deque[Event] = deque()
        # The same by kind: checks ask for one kind some hundred times, among thousands of events.
        self._of_kind: defaultdict[str, deque[Event]] = defaultdict(deque)
        self._most = most
        self._kinds: Mapping[str, Facts] = {}
        self._heard = 0
        self._closing = False
        self._mark_sent = 0
        self._mark_read = 0
        self.odd = 0  # how many letters have come that no probe of ours writes
        self._changed = threading.Condition()
        self._file = path.open("w", encoding="utf-8")
        # Datagrams need no connection, so a worker may fork, or close every descriptor, and still be heard.
        self._inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._inbox.bind(str(probe_socket))
        self._listener = threading.Thread(target=self._listen, name="history", daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def hear(self, kinds: Mapping[str, Facts]) -> None:
        """Take in these kinds from inside too: those of an exercise's own programs, with the facts that each holds."""
        self._kinds = kinds

    def close(self) -> None:
        """Stop listening and close the file; reading stays possible."""
        with suppress(OSError):
            self._closing = True
            # An empty datagram to ourselves ends the listener, after all that was sent before it.
            self._inbox.sendto(b"", str(self.probe_socket))
        self._listener.join(timeout=5)
        self._inbox.close()
        self.probe_socket.unlink(missing_ok=True)
        with self._changed, suppress(OSError):
            self._file.close()

    @staticmethod
    def now() -> float:
        """Seconds of the clock that every event carries."""
        return time.monotonic()

    def record(self, kind: StrEnum, **facts: Any) -> Event:
        """Add an event that happened now."""
        return self._add(Event(self.now(), kind, facts))

    def events(self, *kinds: StrEnum, since: float = 0.0) -> list[Event]:
        """The events of these kinds (of all, when none is named) from `since` on, in order of time.

        All that has come before the call is among them: who was answered after an error finds the error here.
        """
        self._catch_up()
        with self._changed:
            among = chain.from_iterable(self._of_kind[kind] for kind in set(kinds)) if kinds else self._events
            chosen = [event for event in among if event.t >= since]
        return sorted(chosen, key=lambda event: event.t)

    def wait_for(
        self,
        kind: StrEnum,
        matches: Callable[[Event], bool] = lambda _: True,
        *,
        since: float = 0.0,
        deadline_s: float,
    ) -> Event | None:
        """The first such event from `since` on, waited for when it has not happened yet; None at the deadline."""

        def found() -> Event | None:
            return next((e for e in self._of_kind[kind] if e.t >= since and matches(e)), None)

        with self._changed:
            self._changed.wait_for(lambda: found() is not None, timeout=deadline_s)
            return found()

    def _add(self, event: Event) -> Event:
        with self._changed:
            self._events.append(event)
            self._of_kind[event.kind].append(event)
            if self._most is not None and len(self._events) > self._most:
                self._of_kind[self._events.popleft().kind].popleft()
            # On a full disk the file breaks off. What is judged by is in memory.
            with suppress(OSError):
                if not self._file.closed:
                    self._file.write(json.dumps({"t": round(event.t, 6), "kind": event.kind, **event.facts}) + "\n")
            self._changed.notify_all()
        return event

    def _catch_up(self) -> None:
        """Return when the listener has read what lies in the inbox now: our own letter comes after it."""
        if self._closing or threading.current_thread() is self._listener:
            return
        with self._changed:
            self._mark_sent += 1
            mark = self._mark_sent
        with suppress(OSError):
            self._inbox.sendto(MARK + b"%d" % mark, str(self.probe_socket))
            with self._changed:
                self._changed.wait_for(lambda: self._mark_read >= mark, timeout=CATCH_UP_DEADLINE_S)

    def _has_read(self, mark: int) -> None:
        with self._changed:
            self._mark_read = max(self._mark_read, mark)
            self._changed.notify_all()

    def _listen(self) -> None:
        while (datagram := self._inbox.recv(PROBE_DATAGRAM_BYTES)) or not self._closing:
            # Anybody may write to this socket, the learner's code too: only whole events count.
            with suppress(ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
                if datagram.startswith(MARK):
                    self._has_read(int(datagram.removeprefix(MARK)))
                    continue
                facts = _parsed(datagram)
                event = Event(float(facts.pop("t")), str(facts.pop("kind")), facts)
                self._heard += 1
                is_right = 0 <= event.t <= self.now() and self._heard <= MOST_FROM_INSIDE
                if is_right and is_sound(event.kind, event.facts, self._kinds):
                    self._add(event)
                    continue
            self.odd += 1


def _parsed(datagram: bytes) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(datagram)
    if b"\\ud" in datagram.lower():
        # Half a character: Python has it, and json too, but nothing that writes UTF-8.
        facts = json.loads(json.dumps(facts, ensure_ascii=False).encode(errors="replace"))
    return facts
