"""Who asks the learner's bridges: a visitor of a page, or the management command. Each with an id and parcels."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from urllib.parse import urlencode

from checker.harness import starters
from checker.harness.http import Exchange
from checker.harness.idle import Rest
from checker.harness.program import Program
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.waiting import Ending

PAGES = {"locate": "/locate/", "stamp": "/stamp/", "hand_over": "/hand-over/", "look_up": "/look-up/"}


class Visitor:
    """A request of one of the pages."""

    def __init__(self, server: Server, function: str, parcels: Sequence[str], id_: str, name: str) -> None:
        self.function = function
        self.id = id_
        self.parcels = parcels
        self.server = server
        self.name = f"{name} ({server.name})"
        query = urlencode([("parcel", parcel) for parcel in parcels])
        path = f"{PAGES[function]}?{query}" if query else PAGES[function]
        self.exchange: Exchange = server.send(path, headers={"X-Request-ID": id_}, label=name)

    @property
    def is_done(self) -> bool:
        """Whether it has been answered, or has broken."""
        return self.exchange.is_done

    def ending(self) -> Ending:
        """The server's rest."""
        return Rest(self.server.process)


class Command:
    """A run of `manage.py look_up`."""

    function = "look_up"
    server = None
    name = "manage.py look_up"

    def __init__(self, program: starters.Program, parcels: Sequence[str], upstream_url: str, run: Run) -> None:
        self.parcels = parcels
        self.run = run
        self.program: Program = program(
            [sys.executable, "manage.py", "look_up", *parcels],
            name="look_up",
            environment={"UPSTREAM_URL": upstream_url, "PYTHONUTF8": "1"},
        )
        self.id = f"command {self.program.pid}"

    @property
    def is_done(self) -> bool:
        """Whether it has ended."""
        return self.program.wait(0) is not None

    def ending(self) -> Ending:
        """The program's rest: before its first call it is busy with imports."""
        return Rest(self.program.process)


Asker = Visitor | Command
