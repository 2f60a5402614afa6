"""The learner's plant under one server, as a check meets it, with a hub that the check plays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from random import Random
from string import ascii_letters
from typing import TypeVar

from checker.harness.calibration import slowness
from checker.harness.events import EventKind
from checker.harness.gate import Gate
from checker.harness.history import Event, History
from checker.harness.http import Exchange
from checker.harness.idle import is_idle, wait_unless_resting
from checker.harness.server import Server
from checker.harness.waiting import wait_until
from checker.stage_5.async_context_managers.leases import split

# Waited out by failing solutions alone, and only where their server does not rest; longer on a busy machine.
PROMPT_S = 15.0
IDLE_S = 6.0
LOOK_SOON_S = 0.003
REFUSED = 503
_T = TypeVar("_T")


class Plant:
    """One server with the learner's project. `hub` is the Gate that plays its hub."""

    def __init__(self, server: Server, hub: Gate) -> None:
        self.server = server
        self.hub = hub
        hub.answer = self._answer
        self.values: dict[str, str] = {}  # of every sensor drawn so far
        self.served_early = False  # whether a visitor was answered before its process's line was open
        self._random = Random(0)  # noqa: S311 - data for checks, no secrets

    @property
    def name(self) -> str:
        """The server's."""
        return self.server.name

    @property
    def history(self) -> History:
        """The run's."""
        return self.server.run.history

    def begin(self, random: Random) -> None:
        """A check begins, which draws its data from this, with a hub that holds all calls."""
        self._random = random
        self.hub.reset()

    # --- what a check does ---

    def sensors(self, count: int) -> list[str]:
        """So many names that no other sensor has, each with a value to be read. Two differ only in their case."""
        drawn: list[str] = []
        while len(drawn) < count:
            name = drawn[0].swapcase() if len(drawn) == 1 else "".join(self._random.choices(ascii_letters, k=7))
            if name not in self.values:
                self.values[name] = f"{self._random.uniform(-40, 90):.2f}"
                drawn.append(name)
        return drawn

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """The hub agrees to all that it is asked, meanwhile."""
        self.hub.open()
        try:
            yield
        finally:
            self.hub.hold()

    def let_go(self, words: Collection[str], names: Collection[str], until: Callable[[], bool] = lambda: False) -> bool:
        """Have the hub agree to these calls as they come, one after the other; whether `until` has come true.

        It waits no longer than the server does something.
        """

        def look() -> bool:
            for tag in self.held(words, names):
                if until():
                    break
                self.hub.release(tag)
            return until()

        return self.wait(look)

    # --- what there is to see ---

    def held(self, words: Collection[str], names: Collection[str]) -> list[str]:
        """The calls of these words for these sensors that the hub holds now."""
        return [tag for tag in self.hub.held if split(tag)[0] in words and split(tag)[1] in names]

    @property
    def pids(self) -> set[str]:
        """Its processes that have been heard of."""
        heard = self.server.seen(EventKind.APP_LOADED, EventKind.APP_ENTERED)
        return {str(pid) for pid in (self.server.pid, *(event["pid"] for event in heard))}

    def held_for_process(self, word: str) -> list[str]:
        """The calls of "open", "status" or "close" that it holds now."""
        return self.held((word,), self.pids)

    def error_of(self, request: str) -> Event | None:
        """The error that this request has met, as the probe saw it."""
        return next((e for e in self.server.seen(EventKind.APP_RAISED) if e["request"] == request), None)

    # --- waiting ---

    def wait(self, condition: Callable[[], _T], deadline_s: float = 0.0) -> _T:
        """The first answer of `condition` that is true; its last when the server has ended or rests, or is too late."""
        return wait_unless_resting(self.server.process, condition, deadline_s or PROMPT_S * slowness())

    def settle(self, *pages: Exchange) -> None:
        """Return when these visitors are inside, and the server has done all that it can do before the hub answers."""
        self.wait(lambda: all(page.is_done or page.id in self._entered() for page in pages))
        for _ in range(2):  # what is on its way from the hub, or to it, wakes one of the two
            self.hub.wait_settled()
            wait_until(self._is_idle, IDLE_S, unless_ended=self.server.process, every_s=LOOK_SOON_S)
        self.hub.wait_settled()

    def _is_idle(self) -> bool:
        return is_idle(self.server.pid)

    def _entered(self) -> set[str]:
        return {event["request"] for event in self.server.seen(EventKind.APP_ENTERED)}

    def _answer(self, tag: str) -> str:
        word, name = split(tag)
        return self.values.get(name, "no such sensor") if word == "read" else "agreed"
