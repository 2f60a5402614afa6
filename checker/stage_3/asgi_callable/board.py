"""The learner's board as its checks meet it: under each server, with a feed of its own that the check plays."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase
from typing import Any, TypeVar

from checker.harness.calibration import slowness
from checker.harness.events import EventKind
from checker.harness.gate import Gate
from checker.harness.history import Event
from checker.harness.http import Exchange
from checker.harness.seed import Seed
from checker.harness.server import PROBE_FOLDER, Server
from checker.harness.site import APP_VARIABLE
from checker.harness.waiting import wait_until
from checker.stage_3.asgi_callable.kinds import Kind

APP = "board.asgi:application"
LADDER = "learn_ladder:application"
INSIDE = Path(__file__).with_name("inside")
# Only failing solutions wait these out. A boot is all of Django, on a machine that may have better things to do.
BOOT_S = 40.0
PROMPT_S = 6.0
LOOK_EVERY_S = 0.02
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

    # --- waiting ---

    def wait(self, condition: Callable[[], Any], deadline_s: float = PROMPT_S) -> Any:
        """As `wait_until`; over when the server has ended. On a busy machine it has longer than `deadline_s`."""

        def wait(seconds: float) -> Any:
            return wait_until(condition, seconds, unless_ended=self.server.process, every_s=LOOK_EVERY_S)

        return patiently(wait, deadline_s)

    def wait_held(self, tag: str) -> bool:
        """Whether the feed is asked for this within a while."""
        return bool(self.wait(lambda: tag in self.feed.held, BOOT_S))

    def ask(self, station: str, *, label: str = "") -> Exchange:
        """A visitor of the station's page."""
        return self.server.send(f"/departures/{station}/", label=label or f"{self.name} {station}")


def patiently(wait: Callable[[float], _T], deadline_s: float = PROMPT_S) -> _T:
    """What this wait gives; once more, and as much longer as the machine is busy, before it gives nothing."""
    return wait(deadline_s) or wait(deadline_s * (slowness() - 1))


def stations(seed: Seed, purpose: str, count: int) -> list[str]:
    """Names of so many stations, all different."""
    random = seed.random(purpose)
    names = {"".join(random.choices(ascii_lowercase, k=8)) for _ in range(2 * count)}
    return random.sample(sorted(names), count)


def ladder_variables() -> dict[str, str]:
    """What puts the ladder between the probe and the learner's callable."""
    return {APP_VARIABLE: LADDER, "PYTHONPATH": os.pathsep.join([str(PROBE_FOLDER), str(INSIDE)])}
