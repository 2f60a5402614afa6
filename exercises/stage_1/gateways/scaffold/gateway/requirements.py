"""What `choose_interface` is asked, and what it answers."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Requirements:
    """A site, in the numbers of its busiest minute."""

    websockets: bool  # some pages open a WebSocket
    open_streams: int  # responses open at the same time that are idle for minutes: server-sent events, long polls
    requests_per_second: int  # all other requests
    wait_s: float  # what such a request waits for databases and other services
    compute_s: float  # what such a request computes
    awaitable: bool  # the waiting is done with `await`; False: a sync ORM, a blocking client, DRF

    @property
    def idle(self) -> float:
        """How many only wait at the same time, in a way that a loop could hold."""
        return self.open_streams + (self.requests_per_second * self.wait_s if self.awaitable else 0)


@dataclass(frozen=True)
class Choice:
    """An interface and how much of it. A side that is not used has zeros."""

    interface: Literal["wsgi", "hybrid", "asgi"]  # hybrid: a WSGI server and an ASGI server side by side
    wsgi_processes: int
    wsgi_threads: int  # in each of these processes, 1 for a sync worker
    asgi_processes: int
    reasons: tuple[str, ...]  # "websockets", "idle", "blocking-code", "computing", "nothing-to-gain"
