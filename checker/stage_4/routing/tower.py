"""The learner's tower as its visitors meet it: handshakes at an address, and what came of each."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from checker.harness import diagnosis
from checker.harness.events import EventKind
from checker.harness.history import Event
from checker.harness.http import Exchange
from checker.harness.idle import REST_S, Rest
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.waiting import wait_until
from checker.harness.websocket import WebSocket
from checker.stage_4.routing.kinds import Kind

GIVEN = [
    *(f"{app}/consumers.py" for app in ("feed", "rooms")),
    "rooms/models.py",
    *(f"tower/{name}.py" for name in ("bell", "meters", "opening", "polling", "settings", "urls", "views")),
]
NOBODYS_CODES, NOBODYS_STATUSES = range(4000, 5000), range(400, 500)
AT_ONCE_S = 0.5  # a server that has slept for so long does nothing more at once
MOST_SHOWN = 60
SOON_S = 0.5  # what comes at all comes by then, nearly always: only after it is the server looked at
LOOK_SOON_S, LOOK_S = 0.005, 0.05
PATIENCE_S = 10.0  # waited out by failing solutions alone
_T = TypeVar("_T")
_marks = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Step:
    """What one router did with the rest of the path that came to it; `route` is None where no route took it."""

    level: int
    path: str
    route: str | None
    rest: str

    def __str__(self) -> str:
        if self.route is None:
            return f"no route takes {shown(self.path)}"
        return f"`{self.route}` takes {shown(self.path)} and leaves {shown(self.rest)}"


@dataclass(frozen=True, slots=True)
class Knock:
    """A handshake at this path. `hello` is the first frame of whoever let the visitor in."""

    path: str
    socket: WebSocket
    hello: Any
    steps: Sequence[Step]
    error: Event | None

    @property
    def is_let_in(self) -> bool:
        """Whether somebody serves it: a consumer, or whoever keeps it open."""
        return self.socket.refused is None and (bool(self.consumer) or self.socket.close_code is None)

    @property
    def is_refused(self) -> bool:
        """Whether it was turned away as nobody's: before it was open, or at once afterwards."""
        if self.socket.refused is not None:
            return self.socket.refused in NOBODYS_STATUSES
        return not self.consumer and self.socket.close_code in NOBODYS_CODES

    @property
    def consumer(self) -> str:
        """Who served it, by its own word."""
        return consumer_of(self.hello)

    @property
    def kwargs(self) -> Any:
        """What its consumer found in the scope."""
        return self.hello.get("kwargs") if isinstance(self.hello, dict) else None

    @property
    def outcome(self) -> str:
        """What came of it, in words."""
        if self.error is not None:
            return f"{self._got}: {self.error['type']}: {self.error['message']}"
        return self._got

    @property
    def _got(self) -> str:
        if self.socket.refused is not None:
            return f"status {self.socket.refused}" if self.socket.refused else "no answer to the handshake"
        heard = "nothing" if self.hello is None else json.dumps(self.hello, ensure_ascii=False)
        if self.socket.close_code is not None:
            return f"it was let in, heard {heard}, and was closed with code {self.socket.close_code}"
        return f"it was let in, heard {heard}, and was kept open"

    @property
    def story(self) -> str:
        """What came of it, and below that which way it took through the routers."""
        is_nested = any(step.level for step in self.steps)
        steps = [f"router {step.level + 1}: {step}" if is_nested else f"the router: {step}" for step in self.steps]
        return "\n".join([self.outcome, *steps])


def shown(path: str) -> str:
    """A path in quotes, with its beginning and its end where it is long."""
    half = MOST_SHOWN // 2
    return repr(path if len(path) <= MOST_SHOWN else f"{path[:half]}…{path[-half:]}")


def queried(path: str, query: str) -> str:
    """The path with its query, if it has one."""
    return f"{path}?{query}" if query else path


def consumer_of(hello: Any) -> str:
    """The given consumer that says hello by this frame; "" when it is another's."""
    name = hello.get("consumer") if isinstance(hello, dict) else None
    return name if isinstance(name, str) else ""


@dataclass(frozen=True, slots=True)
class Tower:
    """One server with the learner's project. `root` is where its proxy mounts it."""

    server: Server
    root: str = ""

    @property
    def name(self) -> str:
        """The server's, and where it is mounted."""
        brand = self.server.name.partition("-")[0]
        return f"{brand} --root-path {self.root}" if self.root else brand

    @property
    def has_lifespan(self) -> bool:
        """Whether its server knows of lifespans."""
        return not self.server.name.startswith("daphne")

    @property
    def run(self) -> Run:
        """The run that it belongs to."""
        return self.server.run

    def asked(self, path: str) -> str:
        """The path as its proxy asks for it: uvicorn puts the root path in front by itself."""
        prefix = "" if self.server.name.startswith("uvicorn") else self.root
        return prefix + quote(path)

    def send(self, path: str, *, method: str = "GET", query: str = "") -> Exchange:
        """A request in flight."""
        body = None if method == "GET" else b""
        return self.server.send(queried(self.asked(path), query), method=method, body=body, label=path)

    def wait(self, condition: Callable[[], _T], rest_s: float = REST_S) -> _T:
        """The first answer of `condition` that is true; its last when the server rests, or has ended."""
        if soon := wait_until(condition, SOON_S, unless_ended=self.server.process, every_s=LOOK_SOON_S):
            return soon
        return wait_until(condition, PATIENCE_S, unless_ended=Rest(self.server.process, rest_s))

    def wait_at_once(self, condition: Callable[[], bool]) -> bool:
        """Whether it is so once the server has slept, and has answered another visitor after that."""
        if not self.wait(condition, AT_ONCE_S):
            self.mark_log()
        return condition()

    def mark_log(self) -> None:
        """Until what was printed before has come: the mark passes the same pipe, and the same loop."""
        mark = f"learn-mark-{next(_marks)}"
        headers = {"X-Learn-Mark": mark}
        self.server.send(self.asked("/health/"), headers=headers, label="another visitor").wait_answer()
        self.server.process.log.wait_for(mark, PATIENCE_S)

    def wait_entered(self, page: Exchange) -> None:
        """Until this request has reached the learner's code: a server may rest before it was sent."""
        self.run.history.wait_for(
            EventKind.APP_ENTERED, lambda event: bool(event["request"] == page.id), deadline_s=PATIENCE_S
        )

    def knock(self, path: str, query: str = "") -> Knock:
        """A handshake, and its first frame where it is let in. It stays open, if a consumer serves it."""
        socket = self.server.websocket(queried(self.asked(path), query), label=path)
        hello = None if socket.refused is not None else self._first_frame(socket)
        if hello is not None and not consumer_of(hello):  # who explains a refusal
            self.wait_at_once(lambda: socket.wait_closed(LOOK_S))
        return Knock(path, socket, hello, self._steps(socket.id), self._error(socket))

    def _first_frame(self, socket: WebSocket) -> Any:
        frames: list[Any] = []

        def has_heard() -> bool:
            if not frames and (frame := socket.receive(LOOK_S)) is not None:
                frames.append(frame)
            return bool(frames) or socket.close_code is not None

        self.wait_at_once(has_heard)
        return frames[0] if frames else None

    def _steps(self, request: str) -> list[Step]:
        told = [e for e in self.server.seen(Kind.TOOK, Kind.NONE) if e["request"] == request]
        return [Step(e["level"], e["path"], e.get("route"), e.get("rest") or "") for e in told]

    def _error(self, socket: WebSocket) -> Event | None:
        if (socket.refused or 0) >= 500 or socket.close_code in (1006, 1011):
            return diagnosis.wait_error(self.server, socket.id)
        return next((e for e in self.server.seen(EventKind.APP_RAISED) if e["request"] == socket.id), None)
