"""The learner's chat as its checks meet it: two processes, nginx before them, and the steps that a check may hold."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from checker.harness.calibration import slowness
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.http import Answer
from checker.harness.seed import Seed
from checker.harness.server import Server
from checker.milestones.chat_app.kinds import Kind, Step

JSON_HEADERS = {"Content-Type": "application/json"}
COOKIE = "chat_name"
# Only failing solutions wait these out.
PATIENCE_S = 2.0
# How long a step may take to come to the Gate; who takes another way is waited for in vain.
HELD_WITHIN_S = 5.0
# How long a wrong answer has to come that would be there by now; both processes have answered somebody else meanwhile.
EARLY_WITHIN_S = 0.1
PULSE_WITHIN_S = 2.0
GIVEN = [
    *(f"chat/{name}.py" for name in ("asgi", "doors", "identity", "longpoll", "settings", "urls")),
    "chat/page.html",
    "deploy/nginx.conf",
]


@dataclass(slots=True)
class Chat:
    """All of it. `steps` is the folder by which inside/learn_steps.py is asked to tell or to hold, `store` a file."""

    one: Server
    two: Server
    front: Server
    gate: Gate
    history: History
    seed: Seed
    steps: Path
    store: Path
    flood_frames: int
    flood_s: float
    tags: Iterator[str]
    cookies: dict[str, str] = field(default_factory=dict)
    members: set[tuple[str, str]] = field(default_factory=set)

    @property
    def project(self) -> Path:
        """The learner's folder."""
        return self.one.run.project

    def place(self, server: Server) -> str:
        """How findings call it."""
        return {self.one.name: "in process one", self.two.name: "in process two"}.get(server.name, "through nginx")

    def cookie(self, name: str) -> str:
        """The cookie header of this user, who signs in where that is new."""
        if name not in self.cookies:
            answer = self._post("/login/", {"name": name}, {})
            self.cookies[name] = SimpleCookie(answer.headers["Set-Cookie"])[COOKIE].coded_value
        return f"{COOKIE}={self.cookies[name]}"

    def join(self, name: str, room: str) -> None:
        """Make this user a member of the room."""
        if (name, room) not in self.members:
            self._post("/join/", {"room": room}, {"Cookie": self.cookie(name)})
            self.members.add((name, room))

    def read_history(self, server: Server, name: str, room: str, before: int | None = None) -> Answer:
        """`/history/`, asked by this user."""
        query = {"room": room, **({"before": before} if before is not None else {})}
        path = f"/history/?{urlencode(query)}"
        return server.expect_answer(server.send(path, headers={"Cookie": self.cookie(name)}, label="history"))

    @contextmanager
    def held(self, server: Server, *names: str) -> Iterator[None]:
        """Each such step of this process waits at the Gate, with the step's name as its tag, until the end of this."""
        self.gate.reset()
        files = [self.steps / server.name / name for name in names]
        for file in files:
            file.touch()
        try:
            yield
        finally:
            for file in files:
                file.unlink()
            self.gate.open()

    @contextmanager
    def watched(self, *servers: Server) -> Iterator[None]:
        """The steps of these processes are told."""
        files = [self.steps / server.name / "watch" for server in servers]
        for file in files:
            file.touch()
        try:
            yield
        finally:
            for file in files:
                file.unlink()

    def asked(self, server: Server, since: float) -> int:
        """How many statements that read this process has begun since then, as far as it was watched."""
        return sum(event["step"] == Step.ASKS for event in server.seen(Kind.STEP, since=since))

    def let_settle(self) -> None:
        """Return when whatever either process had to send by now is there."""
        for server in (self.one, self.two):
            _pulse(server)

    def _post(self, path: str, body: dict[str, str], headers: dict[str, str]) -> Answer:
        sent = self.one.send(
            path, method="POST", body=json.dumps(body).encode(), headers={**JSON_HEADERS, **headers}, label=path
        )
        return self.one.expect_answer(sent)


def more_patience_s() -> float:
    """How much longer than PATIENCE_S something may take on this machine; it takes a moment to find out."""
    return PATIENCE_S * max(slowness() - 1, 0.0)


def _pulse(server: Server) -> None:
    """An answer of this process to anything at all. No probe of a check, so no history has it."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PULSE_WITHIN_S)
    with closing(connection), suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/")
        connection.getresponse().read()
