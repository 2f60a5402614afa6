"""The learner's board as its checks meet it: under each server, with a feed of its own that the check plays."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from string import ascii_lowercase
from typing import TypeVar

from checker.harness.calibration import slowness
from checker.harness.events import EventKind
from checker.harness.gate import Gate
from checker.harness.history import Event
from checker.harness.http import Answer, Exchange, Stream
from checker.harness.idle import wait_unless_resting
from checker.harness.seed import Seed
from checker.harness.server import PROBE_FOLDER, Server
from checker.harness.site import APP_VARIABLE
from checker.stage_3.asgi_callable.kinds import Kind

APP = "board.asgi:application"
LADDER = "learn_ladder:application"
INSIDE = Path(__file__).with_name("inside")
# Waited out by failing solutions alone, and only where the server does not rest.
BOOT_S = 40.0  # all of Django, on a machine that may have better things to do
PROMPT_S = 6.0  # and longer on a busy machine
HELD_S = 0.05  # so long a visitor is made to wait whose answer tells of it
LOOK_SOON_S = 0.005
_T = TypeVar("_T")

STARTED, FAILED = "lifespan.startup.complete", "lifespan.startup.failed"
ENDED, END_FAILED = "lifespan.shutdown.complete", "lifespan.shutdown.failed"


@dataclass(slots=True)
class Board:
    """One server with the learner's callable. `feed` is the Gate that plays its feed; `processes` serve visitors."""

    server: Server
    feed: Gate
    processes: int = 1
    opening: Future[bool] | None = None  # whether it said that it had started before its feed was open
    openers: list[Exchange] = field(default_factory=list)  # its first visitors, who waited for the feed to open
    opening_s: float = 0.0  # so long at least

    @property
    def name(self) -> str:
        """The server's."""
        return self.server.name

    # --- the feed's calls ---

    @property
    def pids(self) -> set[int]:
        """Each of its processes that has been heard of."""
        heard = self.server.seen(EventKind.APP_LOADED, EventKind.APP_ENTERED, Kind.RECEIVED)
        return {self.server.pid, *(e["pid"] for e in heard)}

    def calls(self, word: str, kind: EventKind = EventKind.GATE_ARRIVED) -> list[Event]:
        """Its processes' calls of "open", or "close", so far: their arrivals, or what else the Gate tells of them."""
        tags = {f"{word}-{pid}" for pid in self.pids}
        return [e for e in self.server.run.history.events(kind) if e["tag"] in tags]

    def held(self, word: str) -> list[str]:
        """The tags of the calls held now that begin with this word."""
        return [tag for tag in self.feed.held if tag.startswith(f"{word}-")]

    # --- the callable's own words ---

    def told(self, kind: Kind, *types: str, scope: str = "lifespan") -> list[Event]:
        """What the ladder told of this kind, and of these messages' types."""
        events = self.server.seen(kind)
        return [e for e in events if e["scope"] == scope and (not types or e["type"] in types)]

    def lifespan_error(self) -> Event | None:
        """The first error that left the callable for a lifespan, but for a server's own upon a `failed`."""
        failed = {e["pid"] for e in self.told(Kind.SENT, FAILED, END_FAILED)}
        return next((e for e in self.told(Kind.RAISED) if e["pid"] not in failed), None)

    @contextmanager
    def holding(self) -> Iterator[Gate]:
        """Its feed, held and counted anew; let go afterwards, or a check that fails would hold up the next ones."""
        self.feed.reset()
        try:
            yield self.feed
        finally:
            self.feed.open()

    # --- waiting ---

    def wait(self, condition: Callable[[], _T], deadline_s: float = 0.0) -> _T:
        """As `wait_on` its server."""
        return wait_on(self.server, condition, deadline_s)

    def wait_held(self, tag: str) -> bool:
        """Whether the feed is asked for this, and holds it."""
        return self.wait(lambda: tag in self.feed.held)

    def wait_answer(self, visitor: Exchange) -> Answer | None:
        """The visitor's answer; None when there will be none."""
        self.wait(lambda: visitor.is_done)
        return visitor.wait_answer(0)

    def wait_text(self, stream: Stream, text: str) -> bool:
        """Whether this comes in the stream."""
        token = text.encode()
        self.wait(lambda: stream.read_until(token, LOOK_SOON_S) or stream.ended)
        return token in stream.body

    def wait_end(self, stream: Stream) -> bool:
        """Whether the stream comes to its end."""
        self.wait(lambda: stream.read_to_end(LOOK_SOON_S))
        return stream.ended

    def ask(self, station: str, *, label: str = "") -> Exchange:
        """A visitor of the station's page."""
        return self.server.send(f"/departures/{station}/", label=label or f"{self.name} {station}")


def wait_on(server: Server, condition: Callable[[], _T], deadline_s: float = 0.0) -> _T:
    """The first answer of `condition` that is true; its last at the deadline, or when the server has ended or rests."""
    return wait_unless_resting(server.process, condition, deadline_s or PROMPT_S * slowness())


def stations(seed: Seed, purpose: str, count: int) -> list[str]:
    """Names of so many stations, all different."""
    random = seed.random(purpose)
    names = {"".join(random.choices(ascii_lowercase, k=8)) for _ in range(2 * count)}
    return random.sample(sorted(names), count)


def ladder_variables() -> dict[str, str]:
    """What puts the ladder between the probe and the learner's callable."""
    return {APP_VARIABLE: LADDER, "PYTHONPATH": os.pathsep.join([str(PROBE_FOLDER), str(INSIDE)])}
